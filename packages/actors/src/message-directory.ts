import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { ActorMessage, MessageHeaders } from "./actor-message.ts";
import { InvalidReplyError } from "./outgoing-frame.ts";
import type { JsonParser } from "./parse-message.ts";
import { MalformedMessageError } from "./parse-message.ts";

/** A message's metadata as it is read from a directory: all of the message but its payload. */
export type MessageMetadata = Omit<ActorMessage, "payload" | "status">;

/**
 * Reads a message's metadata from the directory that stands for it.
 *
 * @throws {MalformedMessageError} if a file is not UTF-8
 */
export async function readMessageDirectory(root: string, parseJson: JsonParser): Promise<MessageMetadata> {
  const [id, parentId, prev, curr, next, headers] = await Promise.all([
    readLine(join(root, "id")),
    readLine(join(root, "parent_id")),
    readLines(join(root, "route/prev")),
    readLine(join(root, "route/curr")),
    readLines(join(root, "route/next")),
    readHeaders(join(root, "headers"), parseJson),
  ]);
  if (id === "") throw new Error(`There is no message in ${root}: the file id is missing or empty.`);
  return { id, ...(parentId === "" ? {} : { parent_id: parentId }), route: { prev, curr, next }, headers };
}

/**
 * Writes what a handler changed. A header that it left alone is not written, so that its file keeps its text.
 *
 * @throws {InvalidReplyError} if a name or a value cannot stand in the directory; nothing is written then
 */
export async function writeMessageDirectory(
  root: string,
  before: MessageMetadata,
  after: { readonly next: readonly string[]; readonly headers: MessageHeaders },
): Promise<void> {
  const { next, headers } = after;
  const isRouteChanged = !isSame(before.route.next, next);
  if (isRouteChanged) for (const name of next) checkActorName(name);
  // A header may be called `toString`, so only names that an object has itself count.
  const given = Object.entries(headers).filter(([, value]) => value !== undefined);
  const texts = given.map(([name, value]) => [name, headerText(name, value)] as const);
  const written = texts.filter(
    ([name]) => !(Object.hasOwn(before.headers, name) && isSame(before.headers[name], headers[name])),
  );
  for (const [name] of written) checkHeaderName(name);
  const kept = new Set(given.map(([name]) => name));
  const removed = Object.keys(before.headers).filter((name) => !kept.has(name));
  if (isRouteChanged) await writeFile(join(root, "route/next"), next.map((name) => `${name}\n`).join(""));
  for (const name of removed) await rm(join(root, "headers", name), { force: true });
  for (const [name, text] of written) await writeFile(join(root, "headers", name), text);
}

async function readHeaders(directory: string, parseJson: JsonParser): Promise<MessageHeaders> {
  const names = await readdir(directory).catch(absentAs<string[]>([]));
  const entries = await Promise.all(
    names.map(async (name) => [name, headerValue(await readText(join(directory, name)), parseJson)] as const),
  );
  return Object.fromEntries(entries);
}

function headerValue(text: string, parseJson: JsonParser): unknown {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

// Python reads these as numbers.
// https://docs.python.org/3/library/json.html#infinite-and-nan-number-values
const numberOfPython = /^\s*-?(?:NaN|Infinity)\s*$/u;

/** Text stands as it is, unless it would be read back as something else: `5` as a string is written `"5"`. */
function headerText(name: string, value: unknown): string {
  if (typeof value === "string" && value.isWellFormed() && !numberOfPython.test(value)) {
    if (headerValue(value, JSON.parse as JsonParser) === value) return value;
  }
  const text = jsonText(value);
  if (text !== undefined) return text;
  throw new InvalidReplyError(`The header ${JSON.stringify(name)} cannot be written: its value is not JSON.`);
}

function jsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

async function readLine(path: string): Promise<string> {
  return (await readText(path)).replace(/\r?\n$/u, "");
}

async function readLines(path: string): Promise<readonly string[]> {
  return (await readText(path)).split(/\r?\n/u).filter((line) => line !== "");
}

async function readText(path: string): Promise<string> {
  const bytes = await readFile(path).catch(absentAs(new Uint8Array()));
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Read with substitutes, two ids would be the same one.
    throw new MalformedMessageError(`The file ${path} of the message is not UTF-8.`);
  }
}

function absentAs<Value>(value: Value): (error: NodeJS.ErrnoException) => Value {
  return (error) => {
    if (error.code === "ENOENT") return value;
    throw error;
  };
}

function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

function checkActorName(name: string): void {
  if (!/[\r\n]/u.test(name) && name.isWellFormed()) return;
  throw new InvalidReplyError(
    `The route cannot be written: ${JSON.stringify(name)} has a line break or half a character in it.`,
  );
}

// A name is a file's name here; one with a slash or two dots would be written outside of the message.
function checkHeaderName(name: string): void {
  const leaves = name === "" || name === "." || name === ".." || /[/\\\p{Cc}]/u.test(name);
  if (!leaves && name.isWellFormed() && Buffer.byteLength(name) <= 255) return;
  throw new InvalidReplyError(
    `The header ${JSON.stringify(name)} cannot be written: its name must be usable as a file's name, with no slash in it.`,
  );
}
