import type { Capabilities } from "./capabilities.ts";
import type { StoreFinding } from "./store-finding.ts";

/** A stored value together with the version that a later conditional write can name. */
export interface Checkpoint {
  readonly key: string;
  /** The whole value. The array is the caller's own: changing it changes nothing that is stored. */
  readonly body: Uint8Array;
  /** Opaque: compare it for equality or hand it back, nothing else. */
  readonly version: string;
  /** When the value was written, by the server's clock, where the backend records it. */
  readonly modifiedAt?: Date | undefined;
}

/** One row of a listing. */
export interface CheckpointEntry {
  readonly key: string;
  /** Where the listing says it; on files only together with the version. */
  readonly sizeBytes?: number | undefined;
  /** When the value was written, by the server's clock, where the listing says it; on files only with the version. */
  readonly modifiedAt?: Date | undefined;
  /** The version that `get` returns for the value as it was listed; always there where {@link ListOptions.versions} asks. */
  readonly version?: string | undefined;
}

/** One row of a listing by directories. */
export interface DirectoryEntry {
  /** A key, or what the keys inside a directory begin with, up to and with a slash. */
  readonly key: string;
  readonly isDirectory: boolean;
}

/** Options that every operation takes. */
export interface OperationOptions {
  /** Ends the operation early with a `CheckpointError` of code `aborted`. @default none */
  readonly signal?: AbortSignal | undefined;
  /** Deadline for the whole operation, retries included, in milliseconds. @default the store's `timeoutMs` */
  readonly timeoutMs?: number | undefined;
}

/** Options of {@link CheckpointStore.get}. */
export interface GetOptions extends OperationOptions {
  /**
   * Whether what is read must be as safe as a write that was acknowledged. A plain read may also see a write whose own
   * caller was told `outcome: "unknown"`: one that no replica has yet, or that the disk has not taken, and that a
   * failover or a crash can undo.
   *
   * Set it where an answer to somebody else will rest on the read alone: "this was done before", "this waits already".
   * A read that only precedes a conditional write needs none, since that write is acknowledged after what it replaces.
   * It costs nothing where a store shows nothing else anyhow, one or two requests on Redis with `durability`, and an
   * fsync on files; where the safety cannot be had in time it rejects, and the caller asks again later.
   *
   * @default false
   */
  readonly durable?: boolean | undefined;
  /**
   * The largest body that is wanted, in bytes; of a larger one the error `too-large` says the size as `sizeBytes` and the
   * version as `version`, and the body is not read into memory. So whoever has little memory can make room first, and 0
   * asks for size and version alone. What is read into memory to find out is at most about as much as this, where a
   * server cannot tell before; NATS sends what fits into one message, mostly up to 1 MiB, in any case.
   *
   * `version` is `undefined` where only the whole body tells it: on Redis for what another program has written, whose
   * version is a digest of it, and on servers like Cloud Storage that send no generation with a body. What the error says
   * is that of a plain read, also where the read was to be `durable`.
   *
   * @default any size
   */
  readonly maxBytes?: number | undefined;
}

/** Options of {@link CheckpointStore.put}: at most one of `ifAbsent` and `ifVersion`. */
export interface PutOptions extends OperationOptions {
  /** Write only if nothing is stored under the key. @default false */
  readonly ifAbsent?: boolean | undefined;
  /** Write only if this is still the stored version. A key that is gone is a conflict. @default any version */
  readonly ifVersion?: string | undefined;
  /**
   * Remove the value by itself after this many milliseconds. Each `put` sets the expiry anew: one without `ttlMs`
   * stores a value that does not expire, whatever it replaces. Needs the capability `ttl`. @default never
   */
  readonly ttlMs?: number | undefined;
}

/** Options of {@link CheckpointStore.delete}. */
export interface DeleteOptions extends OperationOptions {
  /** Delete only if this is still the stored version. Needs the capability `conditionalDelete`. @default any version */
  readonly ifVersion?: string | undefined;
}

/** Options of {@link CheckpointStore.list}. `timeoutMs` bounds the wait for each page, not the whole listing. */
export interface ListOptions extends OperationOptions {
  /** A literal string that every listed key starts with. @default "" (every key) */
  readonly prefix?: string | undefined;
  /**
   * Whether each entry says its version, so that whoever has read a value need not read it again before it changes. Free
   * on S3, MinIO, Cloud Storage and NATS, whose listings say it anyhow. On files it takes a look at each file, on
   * PostgreSQL at each row rather than the index alone, and on Redis the first bytes of each value, a thousand values in
   * one round trip. Needs the capability `listsVersions`.
   *
   * @default false
   */
  readonly versions?: boolean | undefined;
}

/**
 * A place that keeps values under keys and can tell whether a value has changed.
 *
 * Keys are non-empty well-formed Unicode strings of at most 512 UTF-8 bytes; two different keys never share a value.
 * Bodies are bytes, of any content, empty included, up to `capabilities.maxBodyBytes`.
 *
 * Every write ends in one of three ways: it resolves (applied), it rejects with code `conflict` (not applied, for the
 * reason that its precondition did not hold), or it rejects with another code, whose `outcome` then says whether the
 * write is certainly `not-applied` or `unknown`. A write on a version takes effect at most once. One that names no
 * version may, when its answer is lost, take effect again before it ends.
 *
 * @example
 * ```ts
 * await using store = await openStore("file:///state");
 * const { version } = await store.put("greeting", new TextEncoder().encode("hello"), { ifAbsent: true });
 * await store.put("greeting", new TextEncoder().encode("good day"), { ifVersion: version });
 * ```
 */
export interface CheckpointStore extends AsyncDisposable {
  /** The backend's name, for example `"file"`. */
  readonly backend: string;
  /** Where values are kept, as a URL without credentials. */
  readonly location: string;
  readonly capabilities: Capabilities;

  /**
   * Reads the whole value, or `null` if nothing is stored under the key. Sees every acknowledged write, and unless it is
   * `durable` may see others.
   *
   * @throws {CheckpointError} `invalid-argument`, `too-large` (with `maxBytes`), `permission-denied`, `unavailable`,
   * `timeout`, `aborted`, `corrupt`, `closed`
   */
  get(key: string, options?: GetOptions): Promise<Checkpoint | null>;

  /**
   * Stores a value atomically and returns its version.
   *
   * @throws {CheckpointError} `conflict`, `invalid-argument`, `too-large`, `unsupported`, `not-found`,
   * `permission-denied`, `unavailable`, `timeout`, `aborted`, `closed`
   */
  put(key: string, body: Uint8Array, options?: PutOptions): Promise<{ readonly version: string }>;

  /**
   * Removes a value; resolves to whether there was one to remove. Removing what is not there is no error.
   *
   * @throws {CheckpointError} `conflict`, `invalid-argument`, `unsupported`, `permission-denied`, `unavailable`,
   * `timeout`, `aborted`, `closed`
   */
  delete(key: string, options?: DeleteOptions): Promise<boolean>;

  /**
   * All keys with a prefix, each once, in no promised order. What is written or removed meanwhile may or may not show.
   *
   * @throws {CheckpointError} `invalid-argument`, `unsupported`, `permission-denied`, `unavailable`, `timeout`, `aborted`,
   * `closed`
   */
  list(options?: ListOptions): AsyncIterable<CheckpointEntry>;

  /**
   * How many milliseconds a value has left: `Infinity` if it does not expire, `null` if nothing is stored under the key.
   * Needs the capability `ttl`. Absent where a store was not made with `createStore`.
   *
   * @throws {CheckpointError} `invalid-argument`, `unsupported`, `permission-denied`, `unavailable`, `timeout`, `aborted`,
   * `closed`
   */
  timeToLive?(key: string, options?: OperationOptions): Promise<number | null>;

  /**
   * What is directly under a prefix, as a directory shows it: the keys that have no slash after it, and for all others,
   * once each, what comes up to that slash. In no promised order. Where the server can group by itself, what is inside of
   * directories is not gone through. Absent where a store was not made with `createStore`.
   *
   * @throws {CheckpointError} `invalid-argument`, `permission-denied`, `unavailable`, `timeout`, `aborted`, `closed`
   */
  listDirectory?(options?: Omit<ListOptions, "versions">): AsyncIterable<DirectoryEntry>;

  /**
   * Asks the server whether it can be used now; resolves if so.
   *
   * @throws {CheckpointError} `not-found`, `permission-denied`, `unavailable`, `timeout`, `aborted`, `closed`
   */
  check(options?: OperationOptions): Promise<void>;

  /**
   * Asks the server about settings that a store depends on and cannot see by working: durability, eviction, rules that
   * remove values. Changes nothing, and may need permissions that nothing else does. Absent where a store was not made
   * with `createStore`; empty where its backend has nothing to say.
   *
   * @throws {CheckpointError} `permission-denied`, `unavailable`, `timeout`, `aborted`, `closed`
   */
  inspect?(options?: OperationOptions): Promise<readonly StoreFinding[]>;

  /**
   * Releases what the store opened; a client that was handed in stays open. May be called again.
   *
   * @throws whatever the SDK throws when it is closed
   */
  close(): Promise<void>;
}
