import fc from "fast-check";
import { expect, test } from "vitest";

import { keyOf, maxEscapedKeyBytes, namePrefixOf, objectNameOf } from "./gcs-key.ts";

/** Strings of at most 512 UTF-8 bytes that are rich in what escaping has to deal with. */
const unit = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom("/", ".", "..", "%", "%2F", "%-", "%_", "*", "#", "[", "]", "\n", "\u0085", "e\u0301"),
  },
  { weight: 2, arbitrary: fc.string({ unit: "grapheme-ascii", maxLength: 8 }) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
);
const text = fc.array(unit, { maxLength: 40 }).map((parts) => {
  const points = Array.from(parts.join(""));
  while (Buffer.byteLength(points.join("")) > 512) points.pop();
  return points.join("");
});
const key = text.filter((candidate) => candidate !== "");

test.each([
  ["paused/msg-123.json", "paused/msg-123.json"],
  ["größe/日本 😀", "größe/日本 😀"],
  ["../100%", "%2E./100%25"],
  [".", "%2E"],
  [".well-known/acme-challenge/token", "%2Ewell-known/acme-challenge/token"],
  ["/a//b/", "%-/a/%-/b/%-"],
  ["what? [a*]#1\n", "what%3F %5Ba%2A%5D%231%0A"],
])("the key %j is called %j", (given, name) => {
  expect(objectNameOf(given)).toBe(name);
  expect(keyOf(name)).toBe(given);
});

test("every key comes back from its name, so that no two keys share one", () => {
  fc.assert(
    fc.property(key, (given) => {
      expect(keyOf(objectNameOf(given))).toBe(given);
    }),
    { numRuns: 2000 },
  );
});

test("a name is one that Cloud Storage takes, and has room for a prefix", () => {
  const longest = ["\u0001", "\u0085", "/", "é", "😀", "a"].map((character) => {
    return character.repeat(Math.floor(512 / Buffer.byteLength(character)));
  });
  for (const given of longest) expect(Buffer.byteLength(objectNameOf(given))).toBeLessThanOrEqual(maxEscapedKeyBytes);
  fc.assert(
    fc.property(key, (given) => {
      const name = objectNameOf(given);
      expect(name).not.toBe("");
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(maxEscapedKeyBytes);
      expect(name).not.toMatch(/\p{Cc}|^\.|\/\.|\/\/|^\/|\/$/u);
    }),
    { numRuns: 2000 },
  );
});

test("the names of all keys with a prefix start with the prefix of names", () => {
  fc.assert(
    fc.property(text, key, (prefix, rest) => {
      const given = prefix + rest;
      if (Buffer.byteLength(given) > 512) return;
      expect(objectNameOf(given).startsWith(namePrefixOf(prefix))).toBe(true);
      expect(objectNameOf(given).startsWith(namePrefixOf(given))).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test("an ordinary prefix is listed by the server alone", () => {
  expect(namePrefixOf("paused/")).toBe("paused/");
  expect(namePrefixOf("paused/msg-1")).toBe("paused/msg-1");
  expect(namePrefixOf("")).toBe("");
});

test.each([
  "",
  ".",
  "..",
  ".holdpoint-check",
  "a//b",
  "a/",
  "100%",
  "a%2",
  "a%41",
  "a%2f",
  "a*b",
  "%_",
  "a%_YQ",
  "%-a",
  "a".repeat(513),
])("the name %j is nobody's key", (name) => {
  expect(keyOf(name)).toBeUndefined();
});
