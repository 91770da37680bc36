import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parseLosslessJson } from "@holdpoint/core";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";

import { strangeJson } from "../test/strange-json.ts";
import { readMessageDirectory, writeMessageDirectory } from "./message-directory.ts";
import { InvalidReplyError } from "./outgoing-frame.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "message-"));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

/** A directory around the message's own, so that whatever leaves the message's is seen. */
async function withMessage<Result>(
  files: ReadonlyMap<string, string | Uint8Array>,
  work: (root: string) => Promise<Result>,
): Promise<Result> {
  const outer = await mkdtemp(join(directory, "a-"));
  const root = join(outer, "message");
  for (const name of ["route", "headers"]) await mkdir(join(root, name), { recursive: true });
  for (const [name, text] of files) await writeFile(join(root, name), text);
  const result = await work(root);
  expect(await readdir(outer)).toEqual(["message"]);
  expect((await readdir(root)).filter((name) => !["id", "parent_id", "route", "headers"].includes(name))).toEqual([]);
  await rm(outer, { recursive: true });
  return result;
}

async function bytesOf(root: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    await Promise.all(files.map(async (path) => [path, await readFile(path, "base64")] as const)),
  );
}

const fileName = fc.oneof(
  fc.constantFrom(
    "trace",
    "__proto__",
    "constructor",
    "toString",
    "x-asya-pause",
    "*",
    "a b",
    "-rf",
    "\u{1f6d1}",
    "a\\b",
  ),
  fc.string({ minLength: 1, maxLength: 8 }).filter((name) => !/[/\0]|^\.\.?$/u.test(name)),
);
const content = fc.oneof(
  strangeJson.filter((text) => text.length < 10_000),
  fc.uint8Array({ maxLength: 8 }),
  fc.string({ unit: "binary", maxLength: 8 }),
);
const messageFiles = fc
  .tuple(
    fc.record(
      { id: content, parent_id: content, "route/prev": content, "route/curr": content, "route/next": content },
      { requiredKeys: ["id"] },
    ),
    fc.dictionary(fileName, content, { maxKeys: 4 }),
  )
  .map(
    ([files, headers]) =>
      new Map([
        ...Object.entries(files),
        ...Object.entries(headers).map(([name, text]) => [`headers/${name}`, text] as const),
      ]),
  );

test("whatever the files hold is read, or refused with a word about it; and nothing is written when nothing changes", async () => {
  await fc.assert(
    fc.asyncProperty(messageFiles, async (files) => {
      await withMessage(files, async (root) => {
        const before = await bytesOf(root);
        try {
          const message = await readMessageDirectory(root, parseLosslessJson);
          expect(message.id).not.toBe("");
          expect(message.id.isWellFormed()).toBe(true);
          expect(Object.keys(message.headers).toSorted()).toEqual((await readdir(join(root, "headers"))).toSorted());
          await writeMessageDirectory(root, message, { next: message.route.next, headers: message.headers });
        } catch (error) {
          expect((error as Error).message).toMatch(/^There is no message in |is not UTF-8/u);
        }
        expect(await bytesOf(root)).toEqual(before);
        expect(Reflect.get({}, "polluted")).toBeUndefined();
      });
    }),
    { numRuns: 150 },
  );
});

const headerName = fc.oneof(
  fileName,
  fc.constantFrom("", ".", "..", "../id", "/etc/x", "a/b", "a\0b", "a\nb", "x".repeat(256), "\ud800"),
);
const headerValue = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.constantFrom<unknown>(
    "5",
    "null",
    '"',
    "",
    " ",
    "\ud800",
    "\ufeff1",
    "NaN",
    "-Infinity",
    "a\r\nb",
    1n,
    () => 1,
    Symbol("a"),
    undefined,
  ),
);
const actorName = fc.oneof(
  fc.constantFrom("c", "x-pause", "a\nb", "a\rb", " ", "..", "\ud800"),
  fc.string({ unit: "binary", minLength: 1, maxLength: 6 }),
);

test("whatever a handler changes is read again as it was meant, or is refused and nothing is written", async () => {
  const changes = fc.record({
    next: fc.array(actorName, { maxLength: 3 }),
    headers: fc.dictionary(headerName, headerValue, { maxKeys: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(messageFiles, changes, async (files, after) => {
      const readable = new Map<string, string | Uint8Array>([...files].filter(([name]) => name.startsWith("headers/")));
      readable.set("id", "task-1");
      await withMessage(readable, async (root) => {
        let message;
        try {
          message = await readMessageDirectory(root, parseLosslessJson);
        } catch {
          return;
        }
        const before = await bytesOf(root);
        try {
          await writeMessageDirectory(root, message, after);
        } catch (error) {
          if (!(error instanceof InvalidReplyError)) throw error;
          expect(await bytesOf(root)).toEqual(before);
          return;
        }
        const { route, headers } = await readMessageDirectory(root, parseLosslessJson);
        expect(route.next).toEqual(after.next);
        // What JSON makes of a value is what goes to the next actor, also in the other form of a message.
        const lines = (object: object): readonly string[] =>
          Object.entries(object).flatMap(([name, value]) =>
            value === undefined ? [] : [`${name} ${JSON.stringify(value)}`],
          );
        expect(lines(headers).toSorted()).toEqual(lines(after.headers).toSorted());
      });
    }),
    { numRuns: 250 },
  );
});
