import { NoticeFailure } from "./notice-failure.ts";
import type { Notice, NoticeTarget } from "./notice-target.ts";

/**
 * Tells a target something, within a time.
 *
 * @throws {NoticeFailure} if the time was over; what the target throws
 */
export async function sendNotice(
  target: NoticeTarget,
  notice: Notice,
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
    await Promise.race([target.send(notice, signal), aborted.promise]);
  } catch (error) {
    throw late.aborted ? new NoticeFailure("it did not answer in time") : error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
