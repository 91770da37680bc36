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
    fc.constantFrom("paused/=long/YQ", "a=end", "a/=end", "=2F", "x".repeat(512), "/".repeat(512), "🙂".repeat(128)),
  )
  .filter(fits);

describe("object names", () => {
  test.each([
    ["paused/msg-123.json", "paused/msg-123.json"],
    ["paused/Agent_7.v2.json", "paused/Agent_7.v2.json"],
    ["../secrets", "=2E./secrets"],
    ["a/./b/../c", "a/=2E/b/=2E./c"],
    ["/a//b", "=2Fa/=2Fb"],
    ["a/", "a/=end"],
    ["a//", "a/=2F"],
    ["a=b", "a=3Db"],
    ["é", "=C3=A9"],
    ["\u0000", "=00"],
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

  test("the names of all keys with a prefix begin with the prefix's own text", () => {
    fc.assert(
      fc.property(key, fc.nat(512), (original, length) => {
        const prefix = [...original].slice(0, length).join("");
        expect(objectNameOfKey(original).startsWith(objectNamePrefix(prefix))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("a name that no key has is nobody's", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."ab/.=2EFf-endlong"), maxLength: 30 }), (name) => {
        const found = keyOfObjectName(name);
        expect(found === undefined || objectNameOfKey(found) === name).toBe(true);
      }),
      { numRuns: 500 },
    );
    for (const name of [
      "",
      ".holdpoint-check",
      "a b",
      "é",
      "=2f",
      "a=2Fb=",
      "=61",
      "=FF",
      "a//b",
      "a/",
      "a=end",
      "x=long/YQ",
    ]) {
      expect(keyOfObjectName(name)).toBeUndefined();
    }
  });
});
