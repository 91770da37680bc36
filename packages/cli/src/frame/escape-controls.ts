// What a document holds may be written by anyone who can start a task. These characters can move a terminal's cursor,
// recolour or retitle it, or (the direction marks) show a text in another order than it has. The joiners U+200C and
// U+200D stay: some languages are not written without them.
const control = String.raw`\u0000-\u0008\u000b-\u001f\u007f-\u009f`;
const invisible = String.raw`\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff`;
const everything = new RegExp(String.raw`[\n\t${control}${invisible}\u{e0000}-\u{e007f}]`, "gu");
const exceptLines = new RegExp(String.raw`[${control}${invisible}\u{e0000}-\u{e007f}]`, "gu");

/**
 * A text with every character that a terminal would act on, or not show, written as an escape such as `\u001b`.
 *
 * @param keep `"lines"` keeps line breaks and tabs @default "nothing"
 */
export function escapeControls(text: string, keep: "nothing" | "lines" = "nothing"): string {
  return text.replace(keep === "lines" ? exceptLines : everything, escapeCharacter);
}

/** The same of a value that should be a text, but that another program may have stored as anything. */
export function escapeValue(value: unknown): string {
  return escapeControls(typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing"));
}

/** One line of JSON that may be shown on a terminal; the same value to every program. */
export function toJsonLine(value: unknown): string {
  return `${escapeControls(JSON.stringify(value))}\n`;
}

function escapeCharacter(character: string): string {
  if (character === "\n") return String.raw`\n`;
  if (character === "\t") return String.raw`\t`;
  // Code units, since JSON knows no other escapes.
  return Array.from({ length: character.length }, (_, index) => {
    return `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`;
  }).join("");
}
