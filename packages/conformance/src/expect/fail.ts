/** An error that says what was seen and what should have been. */
export function fail(message: string, cause?: unknown): Error {
  return new Error(message, cause === undefined ? undefined : { cause });
}
