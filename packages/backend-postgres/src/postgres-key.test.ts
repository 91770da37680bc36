import fc from "fast-check";
import { expect, test } from "vitest";

import { afterPrefix, PostgresKeys } from "./postgres-key.ts";

const text = fc.string({ unit: "binary", maxLength: 12 });

test.each([
  ["paused/msg-123.json", "team-a/paused/msg-123.json"],
  ["a\0b", String.raw`team-a/a\0b`],
  [String.raw`a\0b`, String.raw`team-a/a\\0b`],
])("%j becomes %j", (key, columnKey) => {
  expect(new PostgresKeys("team-a/").columnKey(key)).toBe(columnKey);
});

test("every key comes back, holds no U+0000, and begins with the form of its beginning", () => {
  fc.assert(
    fc.property(text, fc.string({ unit: "binary", minLength: 1, maxLength: 12 }), text, (prefix, key, rest) => {
      const keys = new PostgresKeys(prefix);
      expect(keys.checkpointKey(keys.columnKey(key))).toBe(key);
      expect(keys.columnKey(key)).not.toContain("\0");
      expect(keys.columnKey(key + rest).startsWith(keys.columnKey(key))).toBe(true);
    }),
  );
});

test.each(["other/a", "team-a/", String.raw`team-a/a\b`, String.raw`team-a/a\ `.trim(), `team-a/${"x".repeat(513)}`])(
  "%j is nobody's key",
  (columnKey) => {
    expect(new PostgresKeys("team-a/").checkpointKey(columnKey)).toBeUndefined();
  },
);

test("what begins with a prefix comes before its end, and what comes before its end and not before it begins with it", () => {
  fc.assert(
    fc.property(text, text, (prefix, other) => {
      const end = afterPrefix(prefix);
      const isBefore = (left: string, right: string): boolean =>
        Buffer.compare(Buffer.from(left), Buffer.from(right)) < 0;
      expect(end === undefined || isBefore(prefix + other, end)).toBe(true);
      const isInside = !isBefore(other, prefix) && (end === undefined || isBefore(other, end));
      expect(isInside).toBe(other.startsWith(prefix));
    }),
    {
      examples: [
        ["\u{10FFFF}", ""],
        ["a\u{10FFFF}", "b"],
        ["\u{D7FF}", "\u{E000}"],
        ["", "x"],
      ],
    },
  );
});
