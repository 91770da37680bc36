// JSON escapes only the first of the control characters. Some programs break a line at one of the others, and a terminal
// that shows the text acts on them; the direction marks show it in another order than it has.
const control = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** JSON that stands on one line and may be shown on a terminal; the same value to every program. */
export function escapeJsonControls(json: string): string {
  return json.replace(control, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
