import type { Clock } from "./clock.ts";

/** How an operation is tried again. */
export interface RetryPolicy {
  readonly timeoutMs: number;
  readonly attemptTimeoutMs: number;
  readonly maxAttempts: number;
}

const firstBackoffMs = 50;
const maxBackoffMs = 2_000;

/**
 * How long to wait before attempt `attempt + 1`: exponential backoff with full jitter, or as long as the server asked for.
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backOffMs(attempt: number, retryAfterMs: number | undefined): number {
  return retryAfterMs ?? Math.random() * Math.min(maxBackoffMs, firstBackoffMs * 2 ** (attempt - 1));
}

/** Waits; rejects with the signal's reason if it aborts meanwhile. */
export async function sleep(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(ms, resolve);
  const onAbort = (): void => resolve();
  signal?.addEventListener("abort", onAbort, { once: true });
  await promise;
  cancel();
  signal?.removeEventListener("abort", onAbort);
  signal?.throwIfAborted();
}

/** Runs `work` with a signal that aborts with `signal`, or after `timeoutMs` with an {@link AttemptTimeoutError}. Rejects as soon as it aborts, even where `work` ignores the signal. */
export function withDeadline<Result>(
  clock: Clock,
  signal: AbortSignal | undefined,
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  // Each attempt passes here: two promises, where `Promise.race` in an `async` function makes seven.
  return new Promise<Result>((resolve, reject) => {
    signal?.throwIfAborted();
    const controller = new AbortController();
    let hasBegun = false;
    // An answer that has come wins over a deadline of the same moment: its turn is before this microtask's.
    const giveUp = (): void => queueMicrotask(() => fail(controller.signal.reason));
    const abort = (reason: unknown): void => {
      // First, so that the reason wins over whatever error the work makes of the abort.
      if (hasBegun) giveUp();
      controller.abort(reason);
    };
    const onAbort = (): void => abort(signal?.reason);
    const cancel = clock.after(timeoutMs, () => abort(new AttemptTimeoutError(timeoutMs)));
    signal?.addEventListener("abort", onAbort, { once: true });
    const end = (): void => {
      cancel();
      signal?.removeEventListener("abort", onAbort);
    };
    const succeed = (result: Result): void => {
      end();
      resolve(result);
    };
    const fail = (error: unknown): void => {
      end();
      reject(error);
    };
    try {
      work(controller.signal).then(succeed, fail);
      hasBegun = true;
      if (controller.signal.aborted) giveUp();
    } catch (error) {
      fail(error);
    }
  });
}

/** A deadline of {@link withDeadline} has passed. */
export class AttemptTimeoutError extends Error {
  override readonly name = "AttemptTimeoutError";
  readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
    this.timeoutMs = timeoutMs;
  }
}
