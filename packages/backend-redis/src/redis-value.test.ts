import fc from "fast-check";
import { expect, test } from "vitest";

import { createVersion, decodeValue, maxHeaderBytes, valueHead } from "./redis-value.ts";

function encodeValue(id: string, body: Uint8Array, version = createVersion(id)): Buffer {
  return Buffer.concat([Buffer.from(valueHead(version, id), "latin1"), body]);
}

const writeId = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCodePoint(code)),
  minLength: 1,
  maxLength: 300,
});

test("what was stored comes back, for any body and write id", () => {
  fc.assert(
    fc.property(writeId, fc.uint8Array(), (id, body) => {
      const version = createVersion(id);
      expect(decodeValue(encodeValue(id, body, version))).toEqual({ version, writeId: id, body });
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

test("a value whose first line is damaged never has the version and the body that were written", () => {
  const stored = encodeValue("write-1", new Uint8Array([1, 2, 3]));
  const lineBytes = stored.indexOf("\n") + 1;
  for (let at = 0; at < lineBytes; at += 1) {
    const changed = Buffer.from(stored);
    changed[at] = (changed[at] ?? 0) ^ 1;
    const shortened = Buffer.concat([stored.subarray(0, at), stored.subarray(at + 1)]);
    for (const damaged of [changed, shortened]) {
      // As long as it can be seen that it was a store's, it is corrupt; then it is as another program might write it.
      const expected = at < "holdpoint1 ".length ? { writeId: undefined, body: new Uint8Array(damaged) } : undefined;
      const value = decodeValue(Buffer.from(damaged));
      if (expected === undefined) expect(value, `byte ${at}`).toBeUndefined();
      else expect(value, `byte ${at}`).toMatchObject(expected);
    }
  }
  expect(decodeValue(stored.subarray(0, lineBytes - 1))).toBeUndefined();
});

test("what another program stored is its own value, and its bytes are its version", () => {
  const version = (text: string): string | undefined => decodeValue(Buffer.from(text))?.version;
  expect(decodeValue(Buffer.from("{}"))).toMatchObject({ writeId: undefined, body: new Uint8Array([123, 125]) });
  expect(decodeValue(Buffer.alloc(0))).toMatchObject({ writeId: undefined, body: new Uint8Array() });
  expect(version("{}")).toBe(version("{}"));
  expect(version("{}")).not.toBe(version("[]"));
});

test.for([1, 100_000])("a body of %i bytes is the caller's alone, and begins where its memory begins", (sizeBytes) => {
  const stored = encodeValue("write-1", new Uint8Array(sizeBytes).fill(7));
  const isAlone = stored.buffer.byteLength === stored.byteLength;
  const body = decodeValue(stored)?.body;
  if (!isAlone) stored.fill(0);
  expect(body).toEqual(new Uint8Array(sizeBytes).fill(7));
  expect(body?.byteOffset).toBe(0);
});
