import { AssertionError } from "node:assert";

/** An error that says what was seen and what should have been. */
export function fail(message: string, cause?: unknown): Error {
  const error = new AssertionError({ message });
  if (cause !== undefined) error.cause = cause;
  return error;
}
