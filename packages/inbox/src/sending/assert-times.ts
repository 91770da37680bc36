import { InboxError } from "../inbox-error.ts";

/** @throws {InboxError} `invalid-argument` unless each is a number of milliseconds, where it is given */
export function assertTimes(what: string, times: Readonly<Record<string, number | undefined>>): void {
  for (const [name, value] of Object.entries(times)) {
    if (value === undefined || (Number.isFinite(value) && value > 0)) continue;
    throw new InboxError("invalid-argument", `${what}.${name}: expected a number of milliseconds above 0.`);
  }
}
