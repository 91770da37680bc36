import type { DriverFailure } from "./checkpoint-driver.ts";

// What ends an operation without the driver having a word in it.

export const conflictFailure: DriverFailure = {
  code: "conflict",
  retryable: false,
  outcome: "not-applied",
  message: "the precondition does not hold: somebody else has written or removed the value",
};

export function bodyTooLargeFailure(sizeBytes: number): DriverFailure {
  return {
    code: "too-large",
    retryable: false,
    outcome: "not-applied",
    message: `the body has ${sizeBytes} bytes, more than were wanted (maxBytes)`,
  };
}

export const overwrittenFailure: DriverFailure = {
  code: "unavailable",
  retryable: false,
  outcome: "unknown",
  message: "the answer to the write was lost, and somebody else has written or removed the value since",
};

export const timeoutFailure: DriverFailure = {
  code: "timeout",
  retryable: true,
  outcome: "unknown",
  message: "there was no answer in time",
  remedy: "Check that the server is reachable, or allow more time with timeoutMs.",
};

export const overloadedFailure: DriverFailure = {
  code: "timeout",
  retryable: true,
  outcome: "not-applied",
  message: "so many other operations were under way all the time that this one was not begun",
  remedy: "Ask for fewer at once, add processes, or allow more time with timeoutMs.",
};

export const abortedFailure: DriverFailure = {
  code: "aborted",
  retryable: false,
  outcome: "unknown",
  message: "the caller aborted the operation",
};

export const closedFailure: DriverFailure = {
  code: "closed",
  retryable: false,
  outcome: "not-applied",
  message: "the store is closed",
};
