/**
 * Which characters a file name may hold as they are.
 *
 * - `exact`: the filesystem keeps every name byte for byte, so that ordinary keys are their own path
 * - `portable`: it takes some names for the same (by case, by Unicode form, by a trailing dot), so that only lowercase
 *   letters, digits, `-`, `_` and `.` stay
 */
export type FileNames = "exact" | "portable";

// Filesystems allow 255 bytes, markers included.
const maxNameBytes = 200;

// A `%` is otherwise followed by two hexadecimal digits, so that no escaped text ends in one of these.
const continuationMarker = "%+";
const emptyMarker = "%-";
const valueMarker = "%=";

// Keys that are their own path, as those of most tasks are. To find that out character by character takes far longer.
const plain: Readonly<Record<FileNames, RegExp>> = {
  exact: /^(?:[\w-]{1,200}\/)*[\w-][\w.-]{0,194}\.json$/u,
  portable: /^(?:[a-z\d_-]{1,200}\/)*[a-z\d_-][a-z\d_.-]{0,194}\.json$/u,
};

/**
 * The relative path of a key's file: `paused/task-1.json` is itself, anything that could leave the directory, be hidden
 * in it, or meet another key's file is escaped with `%`. Two different keys never have the same path, and a key's file is
 * never another key's directory: a file's name ends in `.json` or `%=`, a directory's never does.
 *
 * @example
 * ```ts
 * escapeKey("paused/../a", "exact"); // "paused/%2e./a%="
 * ```
 */
export function escapeKey(key: string, names: FileNames): string {
  if (plain[names].test(key)) return key;
  const segments = key.split("/");
  return segments.flatMap((segment, index) => escapeSegment(segment, index === segments.length - 1, names)).join("/");
}

/** The key of a path that {@link escapeKey} made; `undefined` for any other path. */
export function unescapeKey(path: string, names: FileNames): string | undefined {
  if (plain[names].test(path)) return path;
  const separator = path.lastIndexOf("/") + 1;
  const directory = unescapeDirectory(path.slice(0, separator));
  const leaf = unescapeName(path.slice(separator).replace(/%=$/u, ""));
  if (directory === undefined || leaf === undefined) return undefined;
  const key = directory + leaf;
  return key !== "" && escapeKey(key, names) === path ? key : undefined;
}

/**
 * What the keys of all files in a directory, given as an escaped relative path that ends in `/`, start with; `undefined`
 * if there can be none.
 */
export function unescapeDirectory(path: string): string | undefined {
  let prefix = "";
  for (const name of path.split("/").slice(0, -1)) {
    const text = unescapeName(name.replace(/%[+-]$/u, ""));
    // A hidden directory is ours or the filesystem's own.
    if (text === undefined || name.startsWith(".")) return undefined;
    prefix += name.endsWith(continuationMarker) ? text : `${text}/`;
  }
  return prefix;
}

/** A segment of a key as one file name, or, if it is too long for that, as several, each a directory in the one before. */
function escapeSegment(segment: string, isLeaf: boolean, names: FileNames): string[] {
  const directories: string[] = [];
  let name = "";
  for (const character of segment) {
    let token = escapeCharacter(character, name === "", names);
    if (Buffer.byteLength(name + token) > maxNameBytes) {
      directories.push(name + continuationMarker);
      name = "";
      token = escapeCharacter(character, true, names);
    }
    name += token;
  }
  return [...directories, isLeaf ? leafName(name) : directoryName(name, names)];
}

function leafName(name: string): string {
  return name.endsWith(".json") ? name : name + valueMarker;
}

function directoryName(name: string, names: FileNames): string {
  if (name === "") return emptyMarker;
  const lastDot = names === "portable" ? /\.(?=$|json$)/u : /\.(?=json$)/u;
  return name.replace(lastDot, "%2e");
}

function escapeCharacter(character: string, isFirst: boolean, names: FileNames): string {
  if (isFirst && character === ".") return "%2e";
  const keep = names === "exact" ? /[^%\\\p{Cc}]/u : /[a-z0-9._-]/u;
  if (keep.test(character)) return character;
  return Buffer.from(character).reduce((escaped, byte) => `${escaped}%${byte.toString(16).padStart(2, "0")}`, "");
}

function unescapeName(name: string): string | undefined {
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}
