import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { objectNames } from "./object-names.ts";

const names = objectNames("state-proxy");

// Also what looks like a name that the escaping of other keys makes.
const character = fc.constantFrom(
  ...Array.from("aZ9-_./=%+2Ee ?\\é"),
  "=2F",
  "=20",
  "=end",
  "=dir/",
  "=long/",
  ".json/",
);
const key = fc
  .oneof(
    fc.string({ unit: character, minLength: 1, maxLength: 20 }),
    fc.string({ unit: character, minLength: 100, maxLength: 400 }),
  )
  .filter((text) => Buffer.byteLength(text) <= 512);

describe("names where a connector's are", () => {
  test.each([
    "notes",
    "models/v1.0/weights.bin",
    ".hidden",
    "date=2026-01-31/part-0",
    "a+b@c:d,e;f!g~h/100%#1&2",
    "a=2Eb.txt",
    "paused/task-1.json",
  ])("%j is the key itself", (plain) => {
    expect(names.nameOf(plain)).toBe(plain);
    expect(names.keyOf(plain)).toBe(plain);
  });

  test.each([
    ["a b", "a=20b=end"],
    ["a=20b=end", "a=3D20b=3Dend=end"],
    ["notes=end", "notes=3Dend=end"],
    ["a//b", "a/=2Fb=end"],
    ["../up", "=2E.=dir/up=end"],
    ["a/", "a/=end"],
    ["paused/a.json/b.json", "paused/a.json=dir/b.json"],
    [".holdpoint-check", "=2Eholdpoint-check=end"],
  ])("%j, which not every server takes, or which is taken, is %j", (other, name) => {
    expect(names.nameOf(other)).toBe(name);
    expect(names.keyOf(name)).toBe(other);
  });

  test("every key comes back from its name, so that no two share one", () => {
    fc.assert(
      fc.property(key, (original) => {
        expect(names.keyOf(names.nameOf(original))).toBe(original);
      }),
      { numRuns: 2000 },
    );
  });

  test("every name that has a key is that key's", () => {
    fc.assert(
      fc.property(key, (name) => {
        const original = names.keyOf(name);
        if (original !== undefined) expect(names.nameOf(original)).toBe(name);
      }),
      { numRuns: 2000 },
    );
  });

  test("every key is found by the prefixes of its own prefix, and by the directories that its name is in", () => {
    fc.assert(
      fc.property(key, fc.nat(), (original, cut) => {
        const prefix = original.slice(0, cut % (original.length + 1));
        if (!prefix.isWellFormed()) return;
        const name = names.nameOf(original);
        const starts = names.prefixesOf(prefix).filter((start) => name.startsWith(start));
        expect(starts).not.toHaveLength(0);
        for (const start of starts) {
          const slash = name.indexOf("/", start.length);
          const directory = slash < 0 ? undefined : names.directoryOf(name.slice(0, slash + 1));
          if (directory !== undefined) expect(original.startsWith(directory)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("every name of a key with a prefix begins with what is listed for it", () => {
    fc.assert(
      fc.property(key, fc.nat(), (original, cut) => {
        const prefix = original.slice(0, cut % (original.length + 1));
        if (prefix.isWellFormed()) expect(names.nameOf(original).startsWith(names.prefixOf(prefix))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
