/** What stays as it is, as nearly every key does: one look instead of three. */
const plainKey = /^(?!_kv)[-\w/]+(?:\.[-\w/]+)*$/u;

/**
 * Writes a key with the characters that a NATS KV key may have: letters, digits, `-`, `_`, `/`, `.` stay as they are;
 * every other byte of the key's UTF-8 form becomes `=` and two hexadecimal digits.
 *
 * @see https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-6.md
 */
export function escapeNatsKey(key: string): string {
  if (plainKey.test(key)) return key;
  return (
    key
      .replaceAll(/[^-\w/.]/gu, escapeBytes)
      // Keys that begin so are the KV layer's own.
      .replace(/^_kv/u, "=5Fkv")
      // A dot separates tokens, and a subject must not have an empty one.
      .replaceAll(/^\.|\.$|(?<=\.)\./gu, "=2E")
  );
}

/** The key that {@link escapeNatsKey} made `escaped` of, or `undefined` if it can have made it of none. */
export function unescapeNatsKey(escaped: string): string | undefined {
  if (plainKey.test(escaped)) return escaped;
  try {
    const key = decodeURIComponent(escaped.replaceAll("=", "%"));
    // Another client may have written a key of another form, which would then be listed under a name that reads another.
    return escapeNatsKey(key) === escaped ? key : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The subject filter, below the bucket, that lets through every key with a prefix and as few others as possible.
 * Wildcards match whole tokens only, so it ends at the last dot that certainly is a separator.
 */
export function natsKeyFilter(prefix: string): string {
  // A dot at the prefix's very end may turn out to be the key's last character, which is escaped.
  const tokens = /^(?<tokens>.*[^.])\../su.exec(prefix)?.groups?.["tokens"];
  return tokens === undefined ? ">" : `${escapeNatsKey(tokens)}.>`;
}

function escapeBytes(character: string): string {
  return Array.from(Buffer.from(character), (byte) => `=${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}
