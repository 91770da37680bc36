/**
 * How checkpoint keys become values of the column `key`: the prefix, then the key as it is. PostgreSQL's text takes any
 * character but U+0000, which becomes `\0`; so a `\` becomes `\\`. Two keys never meet, and what begins with a prefix
 * begins with that prefix's form too.
 *
 * @see https://www.postgresql.org/docs/current/datatype-character.html
 * @example
 * ```ts
 * new PostgresKeys("team-a/").columnKey("paused/task-1.json"); // "team-a/paused/task-1.json"
 * ```
 */
export class PostgresKeys {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = escape(prefix);
  }

  /** The column's value for a checkpoint's key, or for the beginning of one. */
  columnKey(key: string): string {
    return this.#prefix + escape(key);
  }

  /** The checkpoint's key, or `undefined` if no checkpoint can have this one: somebody else put it there. */
  checkpointKey(columnKey: string): string | undefined {
    const rest = columnKey.slice(this.#prefix.length);
    if (!columnKey.startsWith(this.#prefix) || !/^(?:[^\\]|\\[\\0])+$/u.test(rest)) return undefined;
    const key = rest.replaceAll(/\\([\\0])/gu, (_, character) => (character === "0" ? "\0" : "\\"));
    return Buffer.byteLength(key) <= maxKeyBytes ? key : undefined;
  }
}

// The same limit that the store enforces; what is longer is not ours.
const maxKeyBytes = 512;

function escape(text: string): string {
  return text.replaceAll(/[\0\\]/gu, (character) => (character === "\0" ? String.raw`\0` : String.raw`\\`));
}

/**
 * The first string, bytewise, that comes after everything that begins with `prefix`; `undefined` if nothing does. The
 * bytes of UTF-8 are in the order of the characters.
 */
export function afterPrefix(prefix: string): string | undefined {
  const characters = Array.from(prefix);
  for (let last = characters.pop(); last !== undefined; last = characters.pop()) {
    const code = last.codePointAt(0) ?? 0;
    if (code === 0x10_ff_ff) continue;
    // Surrogates are no characters.
    const next = code === 0xd7_ff ? 0xe0_00 : code + 1;
    return characters.join("") + String.fromCodePoint(next);
  }
  return undefined;
}
