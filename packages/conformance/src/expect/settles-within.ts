import { fail } from "./fail.ts";
import { sleepAwake } from "./sleep-awake.ts";

/**
 * Waits for a promise, but no longer than `deadlineMs` in which this process gets to run.
 *
 * @param why asked when the time is up: what was being waited for, as a sentence
 */
export async function settlesWithin<Result>(
  what: string,
  deadlineMs: number,
  promise: Promise<Result>,
  why?: () => Promise<string>,
): Promise<Result> {
  const settled = new AbortController();
  const late = sleepAwake(deadlineMs, settled.signal).then(async () => {
    const reason = why === undefined ? "" : `. ${await why()}`;
    throw fail(`${what} must settle within ${deadlineMs} ms; it did not${reason}`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    settled.abort();
  }
}
