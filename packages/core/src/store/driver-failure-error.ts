import type { DriverFailure } from "./checkpoint-driver.ts";

/**
 * An error of a driver's own that says by itself what it means, for what no error of an SDK stands for.
 *
 * @example
 * ```ts
 * throw new DriverFailureError({
 *   code: "unsupported",
 *   retryable: false,
 *   outcome: "not-applied",
 *   message: "the server is older than version 3",
 * });
 * ```
 */
export class DriverFailureError extends Error {
  override readonly name = "DriverFailureError";
  /** What `classify` answers for it. */
  readonly failure: DriverFailure;

  constructor(failure: DriverFailure, cause?: unknown) {
    super(failure.message, cause === undefined ? undefined : { cause });
    this.failure = failure;
  }
}
