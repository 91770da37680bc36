import fc from "fast-check";
import { expect, test } from "vitest";

import { decodeValue, encodeValue, maxHeaderBytes, versionOf } from "./redis-value.ts";

const writeId = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCodePoint(code)),
  minLength: 1,
  maxLength: 300,
});

test("what was stored comes back, for any body and write id", () => {
  fc.assert(
    fc.property(writeId, fc.uint8Array(), (id, body) => {
      expect(decodeValue(encodeValue(id, body))).toEqual({ version: versionOf(id), writeId: id, body });
    }),
  );
});

test("the first line of every value fits what a script reads of it", () => {
  fc.assert(
    fc.property(writeId, (id) => {
      expect(encodeValue(id, new Uint8Array()).byteLength).toBeLessThanOrEqual(maxHeaderBytes);
    }),
  );
});

test("a first line with a changed, missing or additional byte is not taken for one", () => {
  const stored = encodeValue("write-1", new Uint8Array([1, 2, 3]));
  const lineBytes = stored.indexOf("\n") + 1;
  for (let at = 0; at < lineBytes; at += 1) {
    const changed = Buffer.from(stored);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(decodeValue(changed), `byte ${at} changed`).toBeUndefined();
    expect(
      decodeValue(Buffer.concat([stored.subarray(0, at), stored.subarray(at + 1)])),
      `byte ${at} gone`,
    ).toBeUndefined();
  }
  expect(decodeValue(stored.subarray(0, lineBytes - 1))).toBeUndefined();
  expect(decodeValue(Buffer.alloc(0))).toBeUndefined();
});

test("a body is a copy", () => {
  const body = new Uint8Array([1]);
  const stored = encodeValue("write-1", body);
  const value = decodeValue(stored);
  body[0] = 2;
  stored.fill(0);
  expect(value?.body).toEqual(new Uint8Array([1]));
});
