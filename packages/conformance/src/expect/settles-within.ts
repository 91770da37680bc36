import { fail } from "./fail.ts";

/** Waits for a promise, but no longer than `deadlineMs`. */
export async function settlesWithin<Result>(
  what: string,
  deadlineMs: number,
  promise: Promise<Result>,
): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(fail(`${what} must settle within ${deadlineMs} ms; it did not`)), deadlineMs);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
