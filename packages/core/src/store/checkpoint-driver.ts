import type { Capabilities } from "./capabilities.ts";
import type { CheckpointErrorCode } from "./checkpoint-error.ts";
import type { CheckpointEntry, DirectoryEntry } from "./checkpoint-store.ts";
import type { StoreFinding } from "./store-finding.ts";

/** What a driver is given with every call. */
export interface DriverContext {
  /** Aborted at the attempt's deadline and when the caller gives up; the driver stops as soon as its SDK can. */
  readonly signal: AbortSignal;
}

/** What a driver is given when it reads. */
export interface ReadContext extends DriverContext {
  /**
   * Whether what is read, or that nothing is there, must be as safe as a write that was acknowledged, before the call
   * resolves. A driver that shows nothing less safe has nothing to do; one that acknowledges a write only after the
   * server has shown it to others waits here for the same. If that cannot be had in time it throws.
   */
  readonly durable: boolean;
  /**
   * The largest body that is wanted, in bytes; `undefined` for any. A driver that can tell a body's size before it has
   * all of it throws a {@link BodyTooLargeError}, with the version if it can tell that as well, and lets go of the rest.
   * The store sees to it in any case.
   */
  readonly maxBytes?: number | undefined;
}

/** What a driver is given when it lists. */
export interface ListContext extends DriverContext {
  /** Whether each entry must say its version; only if `listsVersions` is declared. Otherwise it may, where that is free. */
  readonly versions: boolean;
}

/** A stored value as a driver reads it. */
export interface DriverRecord {
  /** A copy that nobody else holds. */
  readonly body: Uint8Array;
  readonly version: string;
  /** The {@link DriverWrite.writeId} that this value was written with; `undefined` if somebody else wrote it. */
  readonly writeId: string | undefined;
  readonly modifiedAt?: Date | undefined;
}

/** The condition under which a write may happen: `any` overwrites whatever is there. */
export type Precondition =
  | { readonly kind: "any" }
  | { readonly kind: "absent" }
  | { readonly kind: "version"; readonly version: string };

/** One attempt at a write. Its arguments are complete and validated. */
export interface DriverWrite {
  readonly precondition: Precondition;
  /**
   * Printable ASCII of at most 300 characters, to be stored with the value (object metadata, a field, a header) and
   * returned by `read`. It is how the store recognises its own write after a broken connection.
   */
  readonly writeId: string;
  /** A whole number of milliseconds, at least 1; `undefined` means: never expires, even if the old value did. */
  readonly ttlMs: number | undefined;
}

/** What a raw error means, as {@link CheckpointDriver.classify} sees it. */
export interface DriverFailure {
  readonly code: CheckpointErrorCode;
  /** Whether the same request may succeed if it is sent again soon. */
  readonly retryable: boolean;
  /**
   * For a write: `"not-applied"` only if the server certainly did not and will not apply it (it said so, or the
   * connection was never made). When in doubt, `"unknown"`.
   */
  readonly outcome: "not-applied" | "unknown";
  /** What happened, in words, without any credential. The raw error's message is not shown to people unless it is given here. */
  readonly message: string;
  /** What to try, as an imperative sentence. */
  readonly remedy?: string | undefined;
  /** How long the server asked to wait before the next attempt, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * What a backend implements: one request per call where the server allows it, no retries, no logging, no wrapping.
 * {@link openDriver} makes a store of it.
 *
 * A failed precondition is thrown: as the SDK's own error, if `classify` maps it to `conflict`, or as a
 * {@link PreconditionFailedError}.
 *
 * @throws whatever the SDK throws: `classify` says what it means
 */
export interface CheckpointDriver {
  /** The backend's name, for example `"redis"`. */
  readonly backend: string;
  /** Where values are kept, as a URL without credentials. */
  readonly location: string;
  /** May be known only after the first {@link check}, which {@link openDriver} makes before it hands out the store. */
  readonly capabilities: Capabilities;
  /**
   * How many reads, writes and removals may be under way at once; further ones wait their turn before any request.
   * @default no limit
   */
  readonly maxConcurrency?: number | undefined;

  /** The current value, never from a replica that may lag; `null` only if it is certain that there is none. */
  read(key: string, context: ReadContext): Promise<DriverRecord | null>;

  /** Stores the value atomically under the precondition. `body` must not be kept or changed after the call settles. */
  write(
    key: string,
    body: Uint8Array,
    write: DriverWrite,
    context: DriverContext,
  ): Promise<{ readonly version: string }>;

  /**
   * Removes the value; resolves to whether there was one. `ifVersion` is given only if `conditionalDelete` is declared;
   * a key that is already gone is then `false`, not a failed precondition.
   */
  remove(key: string, ifVersion: string | undefined, context: DriverContext): Promise<boolean>;

  /**
   * Every key that starts with the literal `prefix`, past any page size of the server; `""` means all. In pages, so that
   * each wait is one request or little more; a page may be empty.
   */
  list(prefix: string, context: ListContext): AsyncIterable<readonly CheckpointEntry[]>;

  /**
   * How many milliseconds a value has left: `Infinity` for one that does not expire, `null` if it is certain that there is
   * none. A driver that declares `ttl` has it.
   */
  timeToLive?(key: string, context: DriverContext): Promise<number | null>;

  /**
   * What is directly under a prefix, for servers that can tell without going through what is inside of directories; the
   * store groups what `list` gives where this is absent. A directory may come more than once.
   */
  listDirectory?(prefix: string, context: DriverContext): AsyncIterable<readonly DirectoryEntry[]>;

  /** Asks the server whether it can be used now. */
  check(context: DriverContext): Promise<void>;

  /**
   * Asks the server for settings on which the store's promises rest and that no method above shows. What the server does
   * not tell, for lack of a permission for example, is a finding of level `unknown` and not an error. Changes nothing.
   */
  inspect?(context: DriverContext): Promise<readonly StoreFinding[]>;

  /** Called once. Releases what the driver opened and leaves open what it was handed. */
  close(): Promise<void>;

  /** Says what an error thrown by any method above means. Never throws. */
  classify(error: unknown): DriverFailure;
}

/**
 * Thrown by a driver whose server answers a failed precondition with a value rather than an error.
 *
 * @example
 * ```ts
 * if (reply === "CONFLICT") throw new PreconditionFailedError();
 * ```
 */
export class PreconditionFailedError extends Error {
  override readonly name = "PreconditionFailedError";

  constructor() {
    super("the precondition does not hold");
  }
}

/**
 * Thrown by a driver that reads, for a body that is larger than {@link ReadContext.maxBytes}.
 *
 * @example
 * ```ts
 * if (maxBytes !== undefined && lengthBytes > maxBytes) throw new BodyTooLargeError(lengthBytes, version);
 * ```
 */
export class BodyTooLargeError extends Error {
  override readonly name = "BodyTooLargeError";
  readonly sizeBytes: number;
  readonly version: string | undefined;

  /** @param version the one that `read` would return with this body; `undefined` where only all of it tells */
  constructor(sizeBytes: number, version?: string) {
    super(`the body has ${sizeBytes} bytes`);
    this.sizeBytes = sizeBytes;
    this.version = version;
  }
}
