import { CheckpointError } from "./checkpoint-error.ts";

// setTimeout fires at once for anything longer.
const maxTimerMs = 2 ** 31 - 1;

/** The value of an option that must be a whole number from 1. */
export function positiveInteger(name: string, value: unknown, backend: string): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= maxTimerMs) return value;
  throw new CheckpointError(
    "invalid-argument",
    `${backend}: ${name} is ${String(value)}; expected a whole number from 1 to ${maxTimerMs}.`,
    { backend },
  );
}
