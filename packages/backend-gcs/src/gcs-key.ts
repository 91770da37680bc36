/** The longest key that a store accepts, in UTF-8 bytes; a longer one can only come from a name that is not ours. */
const maxKeyBytes = 512;

/** The longest object name that {@link objectNameOf} returns, in UTF-8 bytes. Cloud Storage allows 1024, prefix included. */
export const maxEscapedKeyBytes = 800;

/**
 * How many code points at the start of a key are written readably, however long the key is. A listing can only rely on
 * these. At six bytes for each (a C1 control character), a key of 512 bytes still fits {@link maxEscapedKeyBytes}.
 */
const readableCodePoints = 32;

// No other escape begins like these: `%` is otherwise followed by two hexadecimal digits.
const emptySegment = "%-";
const encodedRest = "%_";

/**
 * What a key is called in the bucket, without the store's prefix: the key itself with a few characters as `%XX`.
 * Two keys never have the same name.
 *
 * @example
 * ```ts
 * objectNameOf("paused/msg-123.json"); // "paused/msg-123.json"
 * objectNameOf("../100%"); // "%2E./100%25"
 * ```
 */
export function objectNameOf(key: string): string {
  const segments = key.split("/");
  const name = segments.map((segment) => (segment === "" ? emptySegment : escapeSegment(segment))).join("/");
  if (Buffer.byteLength(name) <= maxEscapedKeyBytes) return name;
  const start = startOf(key);
  return escapeStart(start) + encodedRest + Buffer.from(key.slice(start.length)).toString("base64url");
}

/**
 * The key that an object is stored under, or `undefined` if its name is none that {@link objectNameOf} returns:
 * somebody else's object.
 */
export function keyOf(name: string): string | undefined {
  const cut = name.indexOf(encodedRest);
  try {
    const key =
      cut === -1
        ? unescapeName(name)
        : unescapeName(name.slice(0, cut)) + Buffer.from(name.slice(cut + encodedRest.length), "base64url").toString();
    if (key === "" || Buffer.byteLength(key) > maxKeyBytes || objectNameOf(key) !== name) return undefined;
    return key;
  } catch {
    return undefined;
  }
}

/** The longest string that the names of all keys with this prefix start with. Other names may start with it too. */
export function namePrefixOf(keyPrefix: string): string {
  return escapeStart(startOf(keyPrefix));
}

/** What the names of all keys with a prefix begin with, exactly: of those that are written out, and of longer ones. */
export function namePrefixesOf(keyPrefix: string): readonly string[] {
  const start = startOf(keyPrefix);
  return start === keyPrefix ? [escapeStart(start)] : [escapeStart(keyPrefix), escapeStart(start) + encodedRest];
}

/** What the keys begin with whose names begin with `name`, which ends with a slash; `undefined` if it is no such. */
export function keyPrefixOfDirectory(name: string): string | undefined {
  try {
    const prefix = unescapeName(name);
    return escapeStart(prefix) === name ? prefix : undefined;
  } catch {
    return undefined;
  }
}

function startOf(key: string): string {
  // A code point is at most two units of a JavaScript string, so no more of a long key need be looked at.
  return Array.from(key.slice(0, 2 * readableCodePoints))
    .slice(0, readableCodePoints)
    .join("");
}

/** As {@link objectNameOf}, but the last segment may go on. */
function escapeStart(start: string): string {
  const segments = start.split("/");
  const last = segments.pop() ?? "";
  return [
    ...segments.map((segment) => (segment === "" ? emptySegment : escapeSegment(segment))),
    escapeSegment(last),
  ].join("/");
}

// A leading dot is escaped because Cloud Storage refuses the names "." and ".." and those that start with
// ".well-known/acme-challenge/", and because a segment ".." is resolved by whatever copies a bucket to a disk.
// It also keeps names with a leading dot free for the store's own use.
// Control characters, # [ ] * ? are those that Google advises against: tools take them for wildcards and versions.
// https://cloud.google.com/storage/docs/objects#naming
const special = /^\.|[\p{Cc}%#[\]*?]/gu;

function escapeSegment(segment: string): string {
  return segment.replace(special, (character) => {
    const bytes = Array.from(Buffer.from(character));
    return bytes.map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
  });
}

function unescapeName(name: string): string {
  const segments = name.split("/");
  return segments.map((segment) => (segment === emptySegment ? "" : decodeURIComponent(segment))).join("/");
}
