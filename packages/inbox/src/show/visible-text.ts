// What an asker wrote is read by somebody who decides by it. Control characters, invisible ones and those that show a
// text in another order than it has (the direction overrides and isolates) could make it say something else. The
// direction marks and joiners stay: some languages are not written without them, and `bdi` keeps them from spreading.
const control = String.raw`\u0000-\u0008\u000b-\u001f\u007f-\u009f`;
const invisible = String.raw`\u061c\u200b\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\u{e0000}-\u{e007f}`;
const deceptive = new RegExp(`[${control}${invisible}]`, "gu");

/** A text with everything in it that a page would act on, or not show, written as an escape such as `\u202e`. */
export function visibleText(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(deceptive, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
  });
}

/** The beginning of a text, cut between characters. */
export function beginningOf(text: string, maxCharacters: number): string {
  return text.length <= maxCharacters ? text : `${text.slice(0, maxCharacters).replace(/[\ud800-\udbff]$/u, "")}…`;
}
