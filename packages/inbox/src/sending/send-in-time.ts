import { SendFailure } from "./send-failure.ts";

/**
 * Sends something, within a time.
 *
 * @throws {SendFailure} if the time was over; what `send` throws
 */
export async function sendInTime(
  send: (signal: AbortSignal) => Promise<void>,
  timeoutMs: number,
  ending: AbortSignal,
): Promise<void> {
  const late = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([ending, late]);
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    // A target of somebody's own may not heed the signal.
    await Promise.race([send(signal), aborted.promise]);
  } catch (error) {
    throw late.aborted ? new SendFailure("it did not answer in time") : error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
