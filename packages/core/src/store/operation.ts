import { AttemptTimeoutError, backOffMs, sleep, withDeadline } from "./attempt.ts";
import type { RetryPolicy } from "./attempt.ts";
import type { CheckpointDriver, DriverFailure } from "./checkpoint-driver.ts";
import { BodyTooLargeError, PreconditionFailedError } from "./checkpoint-driver.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import type { Clock } from "./clock.ts";
import type { OperationTrace } from "./operation-trace.ts";
import { abortedFailure, bodyTooLargeFailure, conflictFailure, timeoutFailure } from "./store-failures.ts";

/** What an {@link Operation} works with. */
export interface OperationSettings {
  readonly driver: CheckpointDriver;
  readonly policy: RetryPolicy;
  readonly clock: Clock;
  readonly trace: OperationTrace;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** How an attempt ended that did not succeed: what was thrown, and what that means. */
export interface FailedAttempt {
  readonly failure: DriverFailure;
  readonly error: unknown;
}

/** One operation in progress: its deadline, its attempts, its words for errors. */
export class Operation {
  readonly maxAttempts: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly #settings: OperationSettings;
  readonly #deadlineAt: number;

  constructor(settings: OperationSettings) {
    this.#settings = settings;
    this.maxAttempts = settings.policy.maxAttempts;
    this.timeoutMs = settings.timeoutMs;
    this.signal = settings.signal;
    this.#deadlineAt = settings.clock.now() + settings.timeoutMs;
  }

  get isWrite(): boolean {
    const { operation } = this.#settings.trace;
    return operation === "put" || operation === "delete";
  }

  get isAborted(): boolean {
    return this.signal?.aborted === true;
  }

  /** Sends one request, which has the time of one attempt, and no more than the operation has left. */
  attempt<Result>(request: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const { clock, policy, trace } = this.#settings;
    const leftMs = this.#leftMs;
    if (this.isAborted || leftMs <= 0) return Promise.reject(new NotBegunError(this.signal?.reason));
    return withDeadline(clock, this.signal, Math.min(leftMs, policy.attemptTimeoutMs), (signal) => {
      trace.attempts += 1;
      return request(signal);
    });
  }

  /** Tries a request that changes nothing until it succeeds or the policy ends it. */
  repeat<Result>(
    request: (signal: AbortSignal) => Promise<Result>,
    maxAttempts: number = this.maxAttempts,
  ): Promise<Result> {
    // Nearly every request succeeds at once, and has no layer for the rest.
    return this.attempt(request).catch((error: unknown) => this.#repeatAfter(error, request, maxAttempts));
  }

  /** Waits before the next attempt; resolves to what ends the operation where there is to be none. */
  async backOff(attempt: number, failed: FailedAttempt): Promise<FailedAttempt | undefined> {
    const waitMs = backOffMs(attempt, failed.failure.retryAfterMs);
    if (this.#leftMs <= waitMs) return failed;
    try {
      await sleep(this.#settings.clock, waitMs, this.signal);
      return undefined;
    } catch (error) {
      return { failure: abortedFailure, error };
    }
  }

  /** What an error means that an attempt has ended with. */
  failed(error: unknown): FailedAttempt {
    return { failure: this.#classify(error), error };
  }

  /** The error to end the operation with. Where it writes, only its {@link Doubt} knows the outcome, and asks for this. */
  error({ failure, error }: FailedAttempt, outcome?: "not-applied" | "unknown"): CheckpointError {
    if (CheckpointError.is(error)) return error;
    const { driver, trace } = this.#settings;
    const { code, message, remedy } = failure;
    const object = trace.key === undefined ? "" : ` ${JSON.stringify(trace.key)}`;
    const doubt =
      outcome === "unknown" ? " It is unknown whether the write was applied: read the key to find out." : "";
    const tooLarge = error instanceof BodyTooLargeError ? error : undefined;
    const text = `${driver.backend}: cannot ${trace.operation}${object} at ${driver.location}: ${message}.${doubt}${remedy === undefined ? "" : ` ${remedy}`}`;
    return new CheckpointError(code, text, {
      backend: driver.backend,
      operation: trace.operation,
      key: trace.key,
      retryable: failure.retryable,
      outcome,
      sizeBytes: tooLarge?.sizeBytes,
      version: tooLarge?.version,
      cause: error,
    });
  }

  async #repeatAfter<Result>(
    firstError: unknown,
    request: (signal: AbortSignal) => Promise<Result>,
    maxAttempts: number,
  ): Promise<Result> {
    let error = firstError;
    for (let attempt = 1; ; attempt += 1) {
      const failed = this.failed(error);
      const isLast = !failed.failure.retryable || attempt >= maxAttempts;
      const last = isLast ? failed : await this.backOff(attempt, failed);
      if (last !== undefined) throw this.error(last);
      try {
        return await this.attempt(request);
      } catch (thrown) {
        error = thrown;
      }
    }
  }

  get #leftMs(): number {
    return this.#deadlineAt - this.#settings.clock.now();
  }

  #classify(error: unknown): DriverFailure {
    if (error instanceof NotBegunError) {
      return { ...(this.isAborted ? abortedFailure : timeoutFailure), outcome: "not-applied" };
    }
    if (this.isAborted) return abortedFailure;
    if (error instanceof PreconditionFailedError) return conflictFailure;
    if (error instanceof BodyTooLargeError) return bodyTooLargeFailure(error.sizeBytes);
    if (error instanceof AttemptTimeoutError) {
      return { ...timeoutFailure, message: `there was no answer within ${Math.round(error.timeoutMs)} ms` };
    }
    return this.#settings.driver.classify(error);
  }
}

/** The time was up, or the caller had given up, before a request was sent. */
class NotBegunError extends Error {
  override readonly name = "NotBegunError";

  constructor(cause: unknown) {
    super("the request was not begun", { cause });
  }
}
