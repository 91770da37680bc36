import { CheckpointError } from "./checkpoint-error.ts";

/** How the text of one URL option becomes a value. Throws an `Error` whose message ends "expected …". */
export type UrlOptionReader<Value> = (text: string) => Value;

/** A URL option that is taken as it stands; an empty one is refused. */
export const textOption: UrlOptionReader<string> = (text) => {
  if (text === "") throw new Error("expected a value");
  return text;
};

/** A URL option that is `true` or `false`. */
export const booleanOption: UrlOptionReader<boolean> = (text) => {
  if (text === "true") return true;
  if (text === "false") return false;
  throw new Error("expected true or false");
};

/** A URL option that is a whole number from 0. */
export const integerOption: UrlOptionReader<number> = (text) => {
  if (/^\d{1,15}$/u.test(text)) return Number(text);
  throw new Error("expected a whole number from 0");
};

/**
 * A URL option that is one of a few words.
 *
 * @example
 * ```ts
 * const { storage } = readUrlOptions(url, { storage: choiceOption("file", "memory") });
 * ```
 * @throws {Error} when it reads any other word
 */
export function choiceOption<const Word extends string>(...words: readonly Word[]): UrlOptionReader<Word> {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    throw new Error(`expected one of ${words.join(", ")}`);
  };
}

type UrlOptions<Readers> = {
  -readonly [Name in keyof Readers]?: Readers[Name] extends UrlOptionReader<infer Value> ? Value : never;
};

const storeOptionReaders = {
  timeoutMs: integerOption,
  attemptTimeoutMs: integerOption,
  maxAttempts: integerOption,
};

/**
 * Reads the query of a store's URL: the backend's own options and those that every store takes.
 *
 * @throws {CheckpointError} `invalid-argument` for an option that does not exist (the message lists those that do), is
 * given twice, or has a value that its reader refuses
 * @example
 * ```ts
 * const { endpoint, ...rest } = readUrlOptions(url, { endpoint: textOption, region: textOption });
 * ```
 */
export function readUrlOptions<Readers extends Record<string, UrlOptionReader<unknown>>>(
  url: URL,
  readers: Readers,
): UrlOptions<Readers & typeof storeOptionReaders> {
  const scheme = url.protocol.slice(0, -1);
  const known: Record<string, UrlOptionReader<unknown>> = { ...readers, ...storeOptionReaders };
  const values: Record<string, unknown> = {};
  // A plus sign is one: that it stands for a space is a rule of forms, not of URLs.
  for (const [name, text] of new URLSearchParams(url.search.replaceAll("+", "%2B"))) {
    const reader = Object.hasOwn(known, name) ? known[name] : undefined;
    if (reader === undefined) {
      throw urlError(
        scheme,
        `there is no option ${nameForPeople(name, url)}; there are: ${Object.keys(known).toSorted().join(", ")}`,
      );
    }
    if (Object.hasOwn(values, name)) throw urlError(scheme, `the option ${JSON.stringify(name)} is given twice`);
    try {
      values[name] = reader(text);
    } catch (error) {
      throw urlError(scheme, `the option ${JSON.stringify(name)}: ${(error as Error).message}`);
    }
  }
  return values as UrlOptions<Readers & typeof storeOptionReaders>;
}

/** A password with a question mark in it, unescaped, ends up where the names of options are. */
function nameForPeople(name: string, { search }: URL): string {
  const isName = /^[a-z]{1,40}$/iu.test(name) && search.includes(`${name}=`) && !search.includes("@");
  return isName ? JSON.stringify(name) : "of the name that it gives";
}

/**
 * An error about a store's URL that does not repeat the URL, which may hold a password.
 *
 * @example
 * ```ts
 * if (url.hostname === "") throw urlError("acme", "the host is missing");
 * ```
 */
export function urlError(scheme: string, problem: string): CheckpointError {
  return new CheckpointError("invalid-argument", `The ${scheme}: URL of the store cannot be used: ${problem}.`, {
    backend: scheme,
  });
}

/**
 * Refuses a URL with an at sign in its path, which is where the rest of a password ends up that has a slash in it. To be
 * called before anything of the path is read, since that may be shown.
 *
 * @throws {CheckpointError} `invalid-argument`; the message does not repeat the path
 * @example
 * ```ts
 * assertPathWithoutUser(new URL("acme://user:12/34@host/bucket"));
 * ```
 */
export function assertPathWithoutUser(url: URL): void {
  if (!url.pathname.includes("@")) return;
  const scheme = url.protocol.slice(0, -1);
  throw urlError(scheme, 'there is an "@" in its path; write %40 in a path, and %2F for a "/" in a user or a password');
}
