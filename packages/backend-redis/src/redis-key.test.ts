import fc from "fast-check";
import { expect, test } from "vitest";

import { RedisKeys } from "./redis-key.ts";

const key = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
  .filter((text) => Buffer.byteLength(text) <= 512);
const prefix = fc.string({ unit: "grapheme", maxLength: 10 });

test("an ordinary key stays readable", () => {
  expect(new RedisKeys("holdpoint:").redisKey("paused/msg-123.json")).toBe("holdpoint:paused/msg-123.json");
});

test("a key comes back from its Redis key", () => {
  fc.assert(
    fc.property(prefix, key, (before, text) => {
      const keys = new RedisKeys(before);
      expect(keys.checkpointKey(Buffer.from(keys.redisKey(text)))).toBe(text);
    }),
  );
});

test("a Redis key that no checkpoint can have is none", () => {
  const keys = new RedisKeys("a:");
  for (const redisKey of ["", "a", "a:", "b:x", `a:${"x".repeat(513)}`]) {
    expect(keys.checkpointKey(Buffer.from(redisKey))).toBeUndefined();
  }
  expect(keys.checkpointKey(Buffer.from([0x61, 0x3a, 0xff]))).toBeUndefined();
});

test("a byte order mark belongs to the key", () => {
  const keys = new RedisKeys("");
  expect(keys.checkpointKey(Buffer.from(keys.redisKey("\uFEFFa")))).toBe("\uFEFFa");
});

test("a pattern matches nothing but its literal prefix", () => {
  expect(new RedisKeys("h:").matchPattern(String.raw`a*b?[c]^-\ `)).toBe(String.raw`h:a\*b\?\[c\]\^\-\\ *`);
});
