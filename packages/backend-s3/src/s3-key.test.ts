import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { keyOfObjectName, maxObjectNameBytes, objectNameOfKey, objectNamePrefix } from "./s3-key.ts";

const fits = (key: string): boolean => key !== "" && Buffer.byteLength(key) <= 512;

// Mostly characters that mean something to a server or to the escaping itself, often long, so that both forms occur.
const character = fc.oneof(
  fc.constantFrom(
    "/",
    ".",
    "=",
    "a",
    "Z",
    "9",
    "-",
    "_",
    "%",
    "\\",
    "*",
    "\u0000",
    "\u007F",
    "\uFEFF",
    "é",
    "e\u0301",
    "🙂",
  ),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
);
const key = fc
  .oneof(
    fc.string({ unit: character, minLength: 1, maxLength: 40 }),
    fc.string({ unit: character, minLength: 100, maxLength: 512 }),
    fc.string({ unit: "grapheme-ascii", minLength: 150, maxLength: 512 }),
    // Mostly kept as they are, up to where a segment is too long.
    fc
      .string({ unit: fc.constantFrom("a", "Z", "9", "_", "-"), minLength: 1, maxLength: 256 })
      .map((text) => `a/${text}.json`),
    fc.string({ unit: fc.constantFrom("a", "Z", "9", "_", "-", ".", "/"), minLength: 1, maxLength: 300 }),
    fc.constantFrom(
      "paused/=long/YQ",
      "a=end",
      "a/=end",
      "a.b=dir/c",
      "=2F",
      "x./".repeat(170),
      "x".repeat(512),
      "/".repeat(512),
      "🙂".repeat(128),
    ),
  )
  .filter(fits);

describe("object names", () => {
  test.each([
    ["paused/msg-123.json", "paused/msg-123.json"],
    ["paused/Agent_7.v2.json", "paused/Agent_7.v2.json"],
    ["paused/msg-123", "paused/msg-123=end"],
    ["v1.2/msg-123.json", "v1.2=dir/msg-123.json"],
    ["../secrets", "=2E.=dir/secrets=end"],
    ["a/./b/../c", "a/=2E/b/=2E.=dir/c=end"],
    ["/a//b.c", "=2Fa/=2Fb.c"],
    ["a/", "a/=end"],
    ["a//", "a/=2F=end"],
    ["a=b.c", "a=3Db.c"],
    ["é", "=C3=A9=end"],
    ["\u0000", "=00=end"],
  ])("%j is kept as %j", (original, name) => {
    expect(objectNameOfKey(original)).toBe(name);
    expect(keyOfObjectName(name)).toBe(original);
  });

  test("a long key keeps a readable beginning and gets no long segment", () => {
    const long = `paused/${"x".repeat(505)}`;
    const name = objectNameOfKey(long);
    expect(name).toMatch(/^paused\/x{93}=long\//u);
    expect(keyOfObjectName(name)).toBe(long);
  });

  test("every key comes back from its name, so that no two share one", () => {
    fc.assert(
      fc.property(key, (original) => {
        expect(keyOfObjectName(objectNameOfKey(original))).toBe(original);
      }),
      { numRuns: 500 },
    );
  });

  test("every name is one that every server takes", () => {
    fc.assert(
      fc.property(key, (original) => {
        const name = objectNameOfKey(original);
        expect(name.length).toBeLessThanOrEqual(maxObjectNameBytes);
        expect(name).toMatch(/^[\w.=/-]+$/u);
        for (const segment of name.split("/")) {
          expect(segment).not.toBe("");
          expect(segment.startsWith(".")).toBe(false);
          expect(segment.length).toBeLessThanOrEqual(255);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("no name is a directory of another, which MinIO would leave out of listings", () => {
    fc.assert(
      fc.property(key, key, (one, other) => {
        for (const longer of [`${one}/${other}`, `${one}/`, one + other].filter(fits)) {
          expect(objectNameOfKey(longer).startsWith(`${objectNameOfKey(one)}/`)).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
    const long = "x".repeat(400);
    for (const more of [1, 50, 56, 100]) {
      expect(objectNameOfKey(long + "x".repeat(more)).startsWith(`${objectNameOfKey(long)}/`)).toBe(false);
    }
  });

  test("the names of all keys with a prefix begin with the prefix's own text", () => {
    fc.assert(
      fc.property(key, fc.nat(512), (original, length) => {
        const prefix = Array.from(original).slice(0, length).join("");
        expect(objectNameOfKey(original).startsWith(objectNamePrefix(prefix))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("a name that no key has is nobody's", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."ab/.=2EFf-endlong".split("")), maxLength: 30 }), (name) => {
        const found = keyOfObjectName(name);
        expect(found === undefined || objectNameOfKey(found) === name).toBe(true);
      }),
      { numRuns: 500 },
    );
    const foreign = [
      "",
      ".holdpoint-check",
      "a",
      "a b.c",
      "é.c",
      "=2f.c",
      "a=2Fb=.c",
      "=61.c",
      "=FF=end",
      "a//b.c",
      "a/",
    ];
    foreign.push("a.c=end", "a.b/c.d", "x=dir/y.z", "x=long/YQ", "x=long/YQ=end");
    for (const name of foreign) {
      expect(keyOfObjectName(name)).toBeUndefined();
    }
  });
});
