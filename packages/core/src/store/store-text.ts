import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

import type { CheckpointBackend } from "./checkpoint-backend.ts";
import { CheckpointError } from "./checkpoint-error.ts";

/** Schemes that are named in a message about a text which is no URL; other words at its beginning may be anything. */
const commonSchemes = ["redis", "rediss", "s3", "minio", "gs", "nats", "postgres", "postgresql", "file", "memory"];

const beginsWithScheme = /^([a-z][a-z0-9+.-]*):([^]*)$/iu;
const beginsWithCommonScheme = new RegExp(`^(?:${commonSchemes.join("|")})\\s*//`, "iu");

// Hosts and directories of sockets, perhaps several, as PostgreSQL's URLs have them.
const plainHosts = /^(?:\[[\da-f:.]+\]|[\w./-]+)(?::\d+)?(?:,(?:\[[\da-f:.]+\]|[\w./-]+)(?::\d+)?)*$/iu;

/**
 * The scheme of a URL; `undefined` for a directory.
 *
 * @throws {CheckpointError} `invalid-argument` for what looks like a mistyped URL; the message names the mistake and
 * repeats nothing, since a text that is not understood may hold a password anywhere
 */
export function schemeOfStore(text: string): string | undefined {
  const problem = storeTextProblem(text);
  if (problem !== undefined) throw unreadable(problem);
  return beginsWithScheme.exec(text.trim())?.[1]?.toLowerCase();
}

/**
 * The URL that a text names: a URL's own, or that of a directory.
 *
 * @throws {CheckpointError} `invalid-argument`; the message does not repeat what may hold a password
 */
export function readStoreText(given: string, { hostLists = false }: CheckpointBackend): URL {
  const text = given.trim();
  const scheme = schemeOfStore(text);
  if (scheme === undefined) return pathToFileURL(resolve(text));
  try {
    return new URL(hostLists ? withHostList(text) : text);
  } catch {
    throw new CheckpointError(
      "invalid-argument",
      `The store URL with the scheme ${JSON.stringify(scheme)} is not a URL. Special characters in a user name or password must be percent-encoded.`,
    );
  }
}

/** Makes one host of several in the eyes of the URL parser, which knows only one. */
function withHostList(text: string): string {
  return text.replace(
    /^([^/?#]*\/\/(?:[^/?#]*@)?)([^/?#@]*,[^/?#@]*?)(:\d*)?(?=[/?#]|$)/u,
    (_, before, hosts, port = "") => {
      return `${before}${String(hosts).replaceAll(/[:[\],]/gu, encodeURIComponent)}${port}`;
    },
  );
}

/**
 * Refuses a directory's path that looks like a mistyped URL.
 *
 * @throws {CheckpointError} `invalid-argument`; the message does not repeat the path
 */
export function assertStorePath(text: string): void {
  const problem = pathProblem(text);
  if (problem !== undefined) throw unreadable(problem);
}

/** What is wrong with a text that should be a store's URL or a directory, as the end of a sentence that begins with "it". */
export function storeTextProblem(given: string): string | undefined {
  const text = given.trim();
  if (text === "") return "is empty";
  if (/[\p{Cc}\u2028\u2029]/u.test(text)) return "has more than one line, or a character in it that is not printed";
  const [, scheme, rest = ""] = beginsWithScheme.exec(text) ?? [];
  if (scheme === undefined) return pathProblem(text);
  if (rest.startsWith("//")) return authorityProblem(rest.slice(2), scheme);
  const name = scheme.toLowerCase();
  // The URL parser takes `file:state` for `/state`, which is another directory than was meant.
  if (name === "file") return "is a file: URL that is not absolute. Write file:///directory, or the path alone";
  // A backend needs no place at all (memory:, and many of one's own), or takes it from its variables.
  if (/^(?:$|\?)/u.test(rest)) return undefined;
  return commonSchemes.includes(name)
    ? `lacks the two slashes that stand after ${JSON.stringify(`${name}:`)}`
    : 'begins with no scheme and "://"';
}

function authorityProblem(text: string, scheme: string): string | undefined {
  const authority = text.replace(/[/?#][^]*$/u, "");
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  const plain = plainForm(host);
  if (plain !== host && !plainHosts.test(plain) && /[@:/?#\\\s]/u.test(plain)) {
    return host.includes("%")
      ? "has percent-encoded signs in the place of its host: only a user name and a password are percent-encoded"
      : "has wide characters in the place of : / or @";
  }
  if (/["'`\s]/u.test(host)) return "has a quotation mark or a space in the place of its host";
  // What stands in a path is shown in messages.
  return scheme.toLowerCase() === "file" ? pathProblem(text) : undefined;
}

function pathProblem(text: string): string | undefined {
  if (/^["'`\u2018-\u201f«»]/u.test(text)) return "begins with a quotation mark";
  if (/^[{[]/u.test(text)) return "is JSON rather than a URL";
  if (/^[\w\s$-]+=/u.test(text)) return "begins with a name and an equals sign; only the value belongs here";
  const plain = plainForm(text);
  if (/:\/\/|:[^]*@|@[^/]*:\d/u.test(plain) || /^\/\/[^]*[@:]/u.test(plain)) {
    if (/:\/\/|:[^]*@|@[^/]*:\d/u.test(text)) return "is a URL with something before it, or without its scheme";
    return text.includes("%") ? "is percent-encoded" : "has wide characters in the place of : / or @";
  }
  if (beginsWithCommonScheme.test(plain)) return "lacks the colon of its scheme";
  const isMarked = /^(?:\/|\.{1,2}(?:\/|$)|~\/)/u.test(text);
  if (isMarked || /^[\p{L}\p{N}\p{M}_.+-][\p{L}\p{N}\p{M}_./+-]*$/u.test(text)) return undefined;
  return "is neither a URL nor plainly a path; before the name of a directory with such characters, write ./";
}

/** A text with its percent-encodings and wide or small forms of signs as what they stand for. */
function plainForm(text: string): string {
  let plain = text;
  // Twice, for what was encoded twice.
  for (let time = 0; time < 2; time += 1) {
    plain = plain.replace(/%([2-7][\da-f])/giu, (_escape, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }
  return plain.normalize("NFKC");
}

function unreadable(problem: string): CheckpointError {
  return new CheckpointError(
    "invalid-argument",
    `The store's URL cannot be read: it ${problem}. (It is not repeated here, since it may hold a password.) Expected a URL such as s3://bucket/prefix or redis://host/0, or a directory such as /state.`,
  );
}
