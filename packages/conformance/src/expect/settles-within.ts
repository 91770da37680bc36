import { fail } from "./fail.ts";
import { sleepAwake } from "./sleep-awake.ts";

/** Waits for a promise, but no longer than `deadlineMs` in which this process gets to run. */
export async function settlesWithin<Result>(
  what: string,
  deadlineMs: number,
  promise: Promise<Result>,
): Promise<Result> {
  const settled = new AbortController();
  const late = sleepAwake(deadlineMs, settled.signal).then(() => {
    throw fail(`${what} must settle within ${deadlineMs} ms; it did not`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    settled.abort();
  }
}
