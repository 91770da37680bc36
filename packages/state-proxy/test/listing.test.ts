import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { createMemoryStore } from "@holdpoint/core";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";

import { everyStore, removePlaces } from "./every-store.ts";
import { PythonMount } from "./python-mount.ts";
import { ask, serveMount } from "./served-mount.ts";

afterAll(removePlaces);

// What the runtime's client can send: printable ASCII, of which "?" ends a key.
const nameCharacter = fc.constantFrom(...Array.from("abcXYZ019-_.%+&=#[]{}()*!$',;:@~^|<>\"`"));
// No file system has files with these two names.
const name = fc
  .string({ unit: nameCharacter, minLength: 1, maxLength: 12 })
  .filter((text) => text !== "." && text !== "..");
const path = fc.array(name, { minLength: 1, maxLength: 4 });

/** Paths of files of which none is the directory of another, as in any file system. */
const tree = fc.array(path, { maxLength: 12 }).map((paths) => {
  const files: string[] = [];
  for (const file of paths.map((segments) => segments.join("/"))) {
    const clashes = files.some(
      (other) => other === file || other.startsWith(`${file}/`) || file.startsWith(`${other}/`),
    );
    if (!clashes) files.push(file);
  }
  return files;
});

function directoriesOf(file: string): string[] {
  const parent = dirname(file);
  return parent === "." ? [""] : [...directoriesOf(parent), parent];
}

describe.each(everyStore)("listing on $name", ({ name: store, isMissing, open, place }) => {
  it.skipIf(isMissing)("shows what a plain directory shows", async () => {
    const quick = store === "memory" || store === "file";
    await fc.assert(
      fc.asyncProperty(tree, fc.infiniteStream(fc.boolean()), async (files, removed) => {
        await using mount = await serveMount(await open(await place()), { mode: "lww" });
        await using python = new PythonMount(mount.socketPath);
        const plain = await mkdtemp(join(tmpdir(), "plain-"));
        try {
          for (const file of files) {
            await mkdir(dirname(join(plain, file)), { recursive: true });
            await writeFile(join(plain, file), file);
            await python.write(file, file);
          }
          for (const file of files) {
            if (removed.next().value === true) continue;
            await rm(join(plain, file));
            await python.remove(file);
          }
          // A directory that is left empty is one on a disk, and none where names are all there is.
          await removeEmpty(plain);
          for (const directory of new Set(["", "none", ...files.flatMap(directoriesOf)])) {
            const shown: readonly string[] = await readdir(join(plain, directory)).catch(() => []);
            const listed = await python.listdir(directory);
            expect(listed).toHaveLength(shown.length);
            expect(new Set(listed)).toEqual(new Set(shown));
            const isThere = directory === "" || shown.length > 0;
            const kind = await python.stat(directory).catch(() => undefined);
            expect(kind).toEqual(isThere ? { size: 0, isFile: false } : undefined);
          }
          for (const file of files) {
            const size = await stat(join(plain, file)).catch(() => undefined);
            const found = await python.stat(file).catch(() => undefined);
            expect(found).toEqual(size === undefined ? undefined : { size: size.size, isFile: true });
          }
        } finally {
          await rm(plain, { recursive: true });
        }
      }),
      { numRuns: quick ? 40 : 8 },
    );
  });
});

async function removeEmpty(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const inner = join(directory, entry.name);
    if (entry.isDirectory()) await removeEmpty(inner);
    if (entry.isDirectory() && (await readdir(inner)).length === 0) await rm(inner, { recursive: true });
  }
}

describe("listing", () => {
  it("answers whole keys, and the beginnings that several have in common", async () => {
    await using mount = await serveMount(await createMemoryStore());
    for (const key of ["a", "b/one", "b/two", "b/c/three", "b/c/four", "bc"]) await ask(mount, "PUT", `/keys/${key}`);
    const listing = async (query: string): Promise<unknown> =>
      JSON.parse(String((await ask(mount, "GET", `/keys/${query}`)).body)) as unknown;
    expect(await listing("?prefix=&delimiter=/")).toEqual({ keys: ["a", "bc"], prefixes: ["b/"] });
    expect(await listing("")).toEqual({ keys: ["a", "bc"], prefixes: ["b/"] });
    expect(await listing("?prefix=b/&delimiter=/")).toEqual({ keys: ["b/one", "b/two"], prefixes: ["b/c/"] });
    expect(await listing("?prefix=b&delimiter=/")).toEqual({ keys: ["bc"], prefixes: ["b/"] });
    expect(await listing("?prefix=b/c&delimiter=")).toEqual({ keys: ["b/c/four", "b/c/three"], prefixes: [] });
    expect(await listing("?prefix=b/&delimiter=o")).toEqual({
      keys: ["b/c/three"],
      prefixes: ["b/c/fo", "b/o", "b/two"],
    });
    expect(await listing("?prefix=zzz&delimiter=/")).toEqual({ keys: [], prefixes: [] });
  });

  it("takes the runtime's query as it stands, and a library's as it is encoded", async () => {
    await using mount = await serveMount(await createMemoryStore());
    for (const key of ["a+b/1", "a%2Fb/2", "a&b=c/3", "a b/4", "a/b/5"]) {
      await mount.store.put(key, new Uint8Array());
    }
    const keysOf = async (query: string): Promise<unknown> =>
      (JSON.parse(String((await ask(mount, "GET", `/keys/?${query}`)).body)) as { readonly keys: unknown }).keys;
    expect(await keysOf("prefix=a+b/&delimiter=/")).toEqual(["a+b/1"]);
    expect(await keysOf("prefix=a%2Fb/&delimiter=/")).toEqual(["a%2Fb/2"]);
    expect(await keysOf("prefix=a&b=c/&delimiter=/")).toEqual(["a&b=c/3"]);
    expect(await keysOf("prefix=a%2Fb%2F&delimiter=%2F")).toEqual(["a/b/5"]);
    expect(await keysOf("prefix=a+b%2F&delimiter=%2F")).toEqual(["a b/4"]);
  });
});
