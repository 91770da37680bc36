/**
 * What a server said, as it may stand within a message: on one line, without a full stop, and not long.
 *
 * @example
 * ```ts
 * const message = `the server refused (${serverWords(answer.text)})`;
 * ```
 */
export function serverWords(text: string): string {
  const line = text.replaceAll(/\s+/gu, " ").trim().replace(/\.+$/u, "");
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
