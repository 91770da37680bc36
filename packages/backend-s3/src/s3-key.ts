// A key becomes an object name that every S3 server takes and lists back unchanged. AWS takes any UTF-8, but advises
// against most of it; MinIO refuses "..", "." and "//" as well as segments of more than 255 characters, and leaves "a/b"
// out of a listing once there is an object "a"; other file-backed servers cannot keep those two at all, and give a
// trailing slash a meaning of its own; XML, in which names are listed, has no control characters.
//
// - Bytes of the key's UTF-8 that are not in [A-Za-z0-9_.-] or "/" are written as "=" and two upper-case hex digits.
// - So are a "." that begins a segment and a "/" that would end an empty segment: no segment is empty, "." or "..".
// - The last segment has a ".", or "=end" appended; the others have no ".", or "=dir" appended: so no name is at the
//   same time a directory of another, and none ends with a slash.
// - A key whose name would be too long keeps its readable beginning; "=long/" and the rest in base64url follow.
//
// "=" is never written for itself and the marks are not hex digits, so that no two keys share a name.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
// https://min.io/docs/minio/linux/operations/concepts/thresholds.html#conflicting-objects

const maxHeadLength = 100;
const maxSegmentLength = 200;
const endMark = "=end";
const directoryMark = "=dir";
const longMark = "=long/";

/** The longest name that {@link objectNameOfKey} makes, in bytes. S3 allows 1024, prefix included. */
export const maxObjectNameBytes = 800;

/**
 * The object name of a key, without the store's prefix.
 *
 * @example
 * ```ts
 * objectNameOfKey("paused/msg-123.json"); // "paused/msg-123.json"
 * objectNameOfKey("../é"); // "=2E.=dir/=C3=A9=end"
 * ```
 */
export function objectNameOfKey(key: string): string {
  const bytes = Buffer.from(key);
  const name = escapeBytes(bytes, Infinity).text;
  const complete = lastSegment(name).includes(".") ? name : name + endMark;
  if (complete.length <= maxObjectNameBytes && complete.split("/").every(({ length }) => length <= maxSegmentLength)) {
    return complete;
  }
  const head = escapeBytes(bytes, maxHeadLength);
  const tail = bytes.subarray(head.bytesTaken).toString("base64url");
  return head.text + longMark + (tail.match(segments) ?? []).join("/") + endMark;
}

const segments = new RegExp(`.{1,${maxSegmentLength}}`, "gu");

/** The key of an object name; `undefined` for the name of an object that is not a checkpoint of ours. */
export function keyOfObjectName(name: string): string | undefined {
  const [head = "", tail = ""] = (name.endsWith(endMark) ? name.slice(0, -endMark.length) : name).split(longMark, 2);
  const bytes = Buffer.concat([unescapeText(head), Buffer.from(tail.replaceAll("/", ""), "base64url")]);
  let key: string;
  try {
    key = decoder.decode(bytes);
  } catch {
    return undefined;
  }
  return key !== "" && objectNameOfKey(key) === name ? key : undefined;
}

// Without ignoreBOM a key that begins with U+FEFF would lose it.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * What the object names of all keys with a prefix begin with. Names of other keys may begin with it too.
 *
 * @example
 * ```ts
 * objectNamePrefix("paused/"); // "paused/"
 * ```
 */
export function objectNamePrefix(prefix: string): string {
  // Up to here the names of short and long keys agree: a long key's head ends where up to five characters do not fit.
  return escapeBytes(Buffer.from(prefix), Infinity).text.slice(0, maxHeadLength - 4);
}

/**
 * What the object names of all keys with a prefix begin with, exactly: one for those that are written out, and where the
 * prefix is longer than the readable beginning of a long key, one for those.
 */
export function objectNamePrefixes(prefix: string): readonly string[] {
  const { text } = escapeBytes(Buffer.from(prefix), Infinity);
  return text.length <= maxHeadLength
    ? [text]
    : [text, escapeBytes(Buffer.from(prefix), maxHeadLength).text + longMark];
}

/** What the keys begin with whose object names begin with `name`, which ends with a slash; `undefined` if it is no such. */
export function keyPrefixOfDirectory(name: string): string | undefined {
  try {
    const prefix = decoder.decode(unescapeText(name));
    return escapeBytes(Buffer.from(prefix), Infinity).text === name ? prefix : undefined;
  } catch {
    return undefined;
  }
}

/** Escapes bytes from left to right, each by what came before it only, so that a prefix's text is its keys' prefix. */
function escapeBytes(bytes: Uint8Array, maxLength: number): { readonly text: string; readonly bytesTaken: number } {
  let text = "";
  let segment = "";
  let bytesTaken = 0;
  for (const byte of bytes) {
    const piece = escapeCharacter(String.fromCharCode(byte), segment);
    if (text.length + piece.length > maxLength) break;
    text += piece;
    segment = piece.endsWith("/") ? "" : segment + piece;
    bytesTaken += 1;
  }
  return { text, bytesTaken };
}

function escapeCharacter(character: string, segment: string): string {
  if (character === "/" && segment !== "") return segment.includes(".") ? `${directoryMark}/` : "/";
  if (segment === "" ? /[\w-]/u.test(character) : /[\w.-]/u.test(character)) return character;
  return `=${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

function lastSegment(text: string): string {
  return text.slice(text.lastIndexOf("/") + 1);
}

function unescapeText(text: string): Buffer {
  return Buffer.from(
    text
      .replaceAll(`${directoryMark}/`, "/")
      .replaceAll(/=([0-9A-F]{2})/gu, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
}
