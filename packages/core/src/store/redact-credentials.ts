import { storeTextProblem } from "./store-text.ts";

const secretName = /(?:pass|secret|token|credential|signature|key)/iu;

/**
 * A store's URL, or a directory, as it may be shown: without user, password and the values of options whose name
 * suggests a secret. What cannot be read as one or the other is not shown at all.
 *
 * @example
 * ```ts
 * redactStoreUrl("redis://user:secret@host/0"); // "redis://***@host/0"
 * redactStoreUrl("redis//user:secret@host/0"); // "***"
 * ```
 */
export function redactStoreUrl(text: string): string {
  const url = text.trim();
  if (storeTextProblem(url) !== undefined) return "***";
  const [, begin, authority = "", path = "", query = "", fragment] = urlParts.exec(url) ?? [];
  if (begin === undefined) return url;
  // A password may hold a slash, a question mark or a hash that nobody escaped; then the at sign comes later.
  const later = path + query + (fragment ?? "");
  const [, user = "", host = ""] = /^([^]*@)?([^]*)$/u.exec(authority) ?? [];
  const isPath = /^file:/iu.test(begin);
  if (!isPath && (path.includes("@") || (later.includes("@") && /:/u.test(host)) || !plainHosts.test(host))) {
    return `${begin}***`;
  }
  const options = query.split(/(?=[?&])/u).map(redactOption);
  // No store's URL has a fragment, so what looks like one is part of something that should have been escaped.
  return [begin, user === "" ? "" : "***@", host, path, ...options, fragment === undefined ? "" : "#***"].join("");
}

const plainHosts = /^(?:\[[^\],]*\]|[^:,]*)(?::\d*)?(?:,(?:\[[^\],]*\]|[^:,]*)(?::\d*)?)*$/u;
const urlParts = /^([a-z][a-z0-9+.-]*:(?:\/\/)?)([^/?#]*)([^?#]*)(\?[^#]*)?(#[^]*)?$/iu;

function redactOption(option: string): string {
  const [, mark = "", name = "", value] = /^([?&])([^=]*)(=[^]*)?$/u.exec(option) ?? [];
  if (value === undefined) return option === mark ? option : `${mark}***`;
  if (value.includes("@")) return `${mark}${/^[a-z]\w*$/iu.test(name) ? `${name}=` : ""}***`;
  if (secretName.test(name)) return `${mark}${name}=***`;
  return /^[a-z]\w*$/iu.test(name) ? option : `${mark}***`;
}

// Signs in all the forms in which keyboards and documents have them.
const at = /[@\uff20\ufe6b]/gu;
const colon = "[:\uff1a\ufe55]";
const scheme = new RegExp(`([a-z][a-z\\d+.-]{0,30})${colon}[/\uff0f\\\\]{1,3}`, "iu");
const nearScheme = new RegExp(
  `(?<![\\w/.+@-])(?:rediss?|valkeys?|s3|minio|gs|nats|tls|https?)(?:${colon}|[/\uff0f\\\\;,=|%.]){1,9}`,
  "iu",
);
const firstColon = new RegExp(colon, "u");
const named =
  /((?:pass|secret|token|credential|signature)[\w-]{0,40}(?:["']\s{0,3}:\s{0,3}["']?|=["']?))[^\s"'&,;}]+/giu;

/** One word of a text, without what stands before its last at sign in the place of a user and a password. */
function redactWord(word: string): string {
  const encoded = word.toLowerCase().lastIndexOf("%40");
  const end = Math.max(encoded, ...Array.from(word.matchAll(at), ({ index }) => index).slice(-1));
  if (end === -1) return word;
  const before = word.slice(0, end);
  const begin = /%3a%2f%2f/iu.exec(before) ?? schemeIn(before) ?? nearScheme.exec(before);
  const from = begin === null ? undefined : begin.index + begin[0].length;
  if (from !== undefined && from < end) return `${word.slice(0, from)}***${word.slice(end)}`;
  // Only what stands between two slashes, since an at sign in a path is one, as in node_modules/@holdpoint.
  const segment = before.lastIndexOf("/") + 1;
  const inSegment = before.slice(segment);
  const user = inSegment.split(firstColon, 1)[0] ?? "";
  const hasPassword = user.length + 1 < inSegment.length;
  if (!hasPassword || !/^(?:[@\uff20\ufe6b]|%40)[\w[%-]/iu.test(word.slice(end, end + 4))) return word;
  const userAt = Math.max(...Array.from("(){}[]=,", (sign) => user.lastIndexOf(sign))) + 1;
  return `${word.slice(0, segment + userAt)}***${word.slice(end)}`;
}

/** `file:///` is followed by a path. */
function schemeIn(text: string): RegExpExecArray | null {
  const found = scheme.exec(text);
  return found !== null && /^file$/iu.test(found[1] ?? "") && found[0].endsWith("///") ? null : found;
}

/**
 * Free text with every user and password in it masked that stands where a URL, or what is nearly one, has them.
 *
 * @param typed what a person gave as an argument or a variable, of which the text may repeat parts: a password in one of
 * these is masked wherever it stands
 * @example
 * ```ts
 * redactCredentials('cannot reach "redis://user:secret@host"'); // 'cannot reach "redis://***@host"'
 * ```
 */
export function redactCredentials(text: string, typed: Iterable<string> = []): string {
  let shown = text;
  const values = [...typed].filter((value) => nearlyStore.test(value));
  for (const value of values) {
    for (const spelling of [value, value.trim(), JSON.stringify(value).slice(1, -1)]) {
      shown = shown.replaceAll(spelling, () => redactStoreUrl(value));
    }
  }
  for (const secret of secretsOf(values)) shown = shown.replaceAll(secret, "***");
  return shown.replace(/[^\s"'`<>]+/gu, redactWord).replace(named, "$1***");
}

// What may be a store's value at all; an id or a name with none of this is a word like any other.
const nearlyStore = /@|:\/\/|%40|pass|secret|token|redis|\uff20/iu;

const shortestSecret = 3;

/** Every spelling of what may be a password in one of these texts, the longest first. */
function secretsOf(typed: readonly string[]): readonly string[] {
  const secrets = new Set<string>();
  for (const value of typed) {
    for (const spelling of new Set([value, decoded(value)].flatMap((text) => [text, text.normalize("NFKC")]))) {
      const end = spelling.lastIndexOf("@");
      const password = passwordOf(spelling.slice(0, Math.max(0, end)));
      for (const part of [password, ...password.split(/[\s:/\\?#&="'`,;|@]+/u)]) {
        // What stands elsewhere too, such as a host named like its user, is no secret.
        if (part.length < shortestSecret || spelling.includes(part, end)) continue;
        secrets.add(part).add(encodeURIComponent(part)).add(JSON.stringify(part).slice(1, -1));
      }
    }
  }
  return [...secrets].toSorted((one, other) => other.length - one.length);
}

/** What follows the name of the user, or all of it if there is none; nothing of a text that has no part of a URL. */
function passwordOf(beforeAt: string): string {
  if (!/:|\/\//u.test(beforeAt)) return "";
  const userInfo = beforeAt.replace(/^[^]*?(?::[/\\]{1,3}|\/\/)/u, "");
  return userInfo.slice(userInfo.indexOf(":") + 1);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
