import { parseLosslessJson } from "@holdpoint/core";
import { describeJsonError } from "@holdpoint/core/json";

import { escapeControls } from "./escape-controls.ts";

/** What a person is told whose text is no JSON; `undefined` if it is. */
export function typedJsonProblem(text: string): string | undefined {
  try {
    parseLosslessJson(text);
    return undefined;
  } catch (error) {
    return escapeControls(`${describeJsonError(text, error)}.`.replace(/^it is/u, "This is"));
  }
}
