import { CheckpointError } from "@holdpoint/core";
import type { CheckpointErrorCode } from "@holdpoint/core";

import { fail } from "./fail.ts";

/** Runs `work`, which must reject with a `CheckpointError` of one of the codes, and returns that error. */
export async function expectRejection(
  what: string,
  codes: CheckpointErrorCode | readonly CheckpointErrorCode[],
  work: () => Promise<unknown>,
): Promise<CheckpointError> {
  const expected = typeof codes === "string" ? [codes] : codes;
  let value: unknown;
  try {
    value = await work();
  } catch (error) {
    if (CheckpointError.is(error) && expected.includes(error.code)) return error;
    const found = CheckpointError.is(error) ? `one with code ${error.code}: ${error.message}` : String(error);
    throw fail(
      `${what} must reject with a CheckpointError of code ${expected.join(" or ")}; it rejected with ${found}`,
      error,
    );
  }
  throw fail(`${what} must reject with code ${expected.join(" or ")}; it resolved to ${describeValue(value)}`);
}

function describeValue(value: unknown): string {
  return value === undefined || value === null ? String(value) : JSON.stringify(value).slice(0, 200);
}
