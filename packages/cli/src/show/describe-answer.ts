import type { GivenAnswer } from "@holdpoint/core/holds";

import { describeTime } from "../frame/describe-time.ts";
import { escapeControls } from "../frame/escape-controls.ts";
import { describePerson } from "../frame/hold-person.ts";

/** An answer on one line, with who gave it and when. Nothing of what it holds acts on the terminal. */
export function describeAnswer({ by, via, at, approving: _approving, byExpiry, ...given }: GivenAnswer): string {
  const who = byExpiry ? "by its expiry" : `by ${describePerson(by, via)}`;
  return `${escapeControls(JSON.stringify(given))} ${who}, ${describeTime(at)}`;
}
