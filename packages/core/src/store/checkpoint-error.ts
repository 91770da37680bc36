import { ErrorBrand } from "./error-brand.ts";

/**
 * What went wrong, as a closed set that programs may switch on.
 *
 * - `conflict`: the precondition did not hold; the stored value is untouched
 * - `not-found`: the bucket, directory, stream or task does not exist
 * - `invalid-argument`: the call itself is wrong, and no request was sent
 * - `too-large`: the body is over the store's declared maximum, or over what a `get` wanted at most
 * - `unsupported`: the store has not declared the capability that was asked for
 * - `permission-denied`: the server refused the credentials or the operation
 * - `unavailable`: the server could not be reached or could not answer
 * - `timeout`: the operation did not end within its deadline
 * - `aborted`: the caller's `AbortSignal` ended the operation
 * - `corrupt`: what is stored cannot be read as what it should be
 * - `closed`: the store was used after `close()`
 */
export type CheckpointErrorCode =
  | "conflict"
  | "not-found"
  | "invalid-argument"
  | "too-large"
  | "unsupported"
  | "permission-denied"
  | "unavailable"
  | "timeout"
  | "aborted"
  | "corrupt"
  | "closed";

/** What a {@link CheckpointError} carries besides its code and message. */
export interface CheckpointErrorDetails {
  /** The backend's name, for example `"redis"`. */
  readonly backend?: string | undefined;
  /** The operation that failed, for example `"put"`. */
  readonly operation?: string | undefined;
  readonly key?: string | undefined;
  /** Whether the same call may succeed later. @default false */
  readonly retryable?: boolean | undefined;
  /**
   * For a failed write: `"not-applied"` if the stored value is certainly as it was, `"unknown"` if nobody can say.
   * An operation that does not write has none.
   */
  readonly outcome?: "not-applied" | "unknown" | undefined;
  /** For a `get` with `maxBytes`: how many bytes the body has that is larger. */
  readonly sizeBytes?: number | undefined;
  /** For a `get` with `maxBytes`: the version of the body that is larger, where it can be told without reading the body. */
  readonly version?: string | undefined;
  /** The error of the SDK or of the operating system. */
  readonly cause?: unknown;
}

const brand = new ErrorBrand("holdpoint.checkpoint-error");

/**
 * The one error class of stores and drivers: programs act on `code`, people read `message`.
 *
 * @example
 * ```ts
 * try {
 *   await store.put("paused/task-1.json", body, { ifAbsent: true });
 * } catch (error) {
 *   if (CheckpointError.is(error, "conflict")) console.log("somebody else was first");
 *   else throw error;
 * }
 * ```
 */
export class CheckpointError extends Error {
  override readonly name: string = "CheckpointError";
  readonly code: CheckpointErrorCode;
  readonly backend: string | undefined;
  readonly operation: string | undefined;
  readonly key: string | undefined;
  readonly retryable: boolean;
  readonly outcome: "not-applied" | "unknown" | undefined;
  readonly sizeBytes: number | undefined;
  readonly version: string | undefined;

  constructor(code: CheckpointErrorCode, message: string, details: CheckpointErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    brand.mark(this);
    this.code = code;
    this.backend = details.backend;
    this.operation = details.operation;
    this.key = details.key;
    this.retryable = details.retryable ?? false;
    this.outcome = details.outcome;
    this.sizeBytes = details.sizeBytes;
    this.version = details.version;
  }

  /**
   * Whether `error` is a `CheckpointError`, and if `code` is given, one with that code.
   *
   * @example
   * ```ts
   * if (CheckpointError.is(error, "unavailable")) await retryLater();
   * ```
   */
  static is(error: unknown, code?: CheckpointErrorCode): error is CheckpointError {
    return brand.isOn(error, code);
  }
}
