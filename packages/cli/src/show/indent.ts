import { escapeControls } from "../frame/escape-controls.ts";

/** A text of several lines, each of them indented, so that none can pass for a line of ours. */
export function indented(text: string, margin: string): string {
  return text
    .split("\n")
    .map((line) => escapeControls(line))
    .join(`\n${margin}`);
}

/** A value on several lines, each of them indented. */
export function indentedJson(value: unknown): string {
  return escapeControls(JSON.stringify(value, null, 2), "lines").replaceAll(/^/gmu, "    ");
}
