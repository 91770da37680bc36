import type { JsonObject } from "@holdpoint/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { mergeInput } from "./merge-input.ts";
import type { PauseField } from "./pause-metadata.ts";
import { defaultPauseMetadata } from "./pause-metadata.ts";

const fields = (...list: readonly PauseField[]): { prompt: string; fields: readonly PauseField[] } => ({
  prompt: "",
  fields: list,
});
const none = defaultPauseMetadata;

describe("with declared fields", () => {
  it("places each value at its payload_key and makes the objects between", () => {
    const metadata = fields(
      { name: "approved", type: "boolean" },
      { name: "notes", type: "string", payload_key: "/review/notes" },
      { name: "deep", type: "number", payload_key: "review/by/level" },
    );
    const input = { approved: true, notes: "ok", deep: 3, stray: 1, a2a: {} };
    expect(mergeInput({ review: { by: { name: "x" } } }, input, metadata)).toEqual({
      payload: { review: { by: { name: "x", level: 3 }, notes: "ok" }, approved: true },
      ignored: ["stray"],
    });
  });

  it("leaves the payload alone where a field is not given", () => {
    const metadata = fields({ name: "approved", type: "boolean", default: true });
    expect(mergeInput({ approved: false }, {}, metadata).payload).toEqual({ approved: false });
  });

  it("does not overwrite what is not an object on the way", () => {
    const metadata = fields({ name: "notes", type: "string", payload_key: "/review/notes" });
    for (const review of ["text", [1], 5, false]) {
      expect(() => mergeInput({ review }, { notes: "x" }, metadata)).toThrow(/already has .* at \/review/u);
    }
    expect(mergeInput({ review: null }, { notes: "x" }, metadata).payload).toEqual({ review: { notes: "x" } });
  });

  it("merges an object into an object in deep mode only", () => {
    const metadata = fields({ name: "review", type: "object" });
    const stored = { review: { a: 1, list: [1, 2] } };
    const input = { review: { b: 2, list: [3] } };
    expect(mergeInput(stored, input, metadata, "shallow").payload).toEqual({ review: { b: 2, list: [3] } });
    expect(mergeInput(stored, input, metadata, "deep").payload).toEqual({ review: { a: 1, b: 2, list: [3] } });
  });
});

describe("at the root", () => {
  it("replaces in shallow mode and goes into objects in deep mode", () => {
    const stored = { keep: 1, nested: { a: 1, b: { c: 2 } } };
    const input = { nested: { b: { d: 3 } } };
    expect(mergeInput(stored, input, none).payload).toEqual({ keep: 1, nested: { b: { d: 3 } } });
    expect(mergeInput(stored, input, none, "deep").payload).toEqual({ keep: 1, nested: { a: 1, b: { c: 2, d: 3 } } });
  });

  it("leaves out the gateway's bookkeeping", () => {
    expect(mergeInput({ a2a: { mine: true } }, { a2a: { theirs: true }, x: 1 }, none).payload).toEqual({
      a2a: { mine: true },
      x: 1,
    });
  });

  it("takes the input's values, changes neither argument, and is the same a second time", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.dictionary(fc.string(), fc.jsonValue()),
        (left, right) => {
          const payload = JSON.parse(JSON.stringify(left)) as JsonObject;
          const { a2a: _a2a, ...input } = JSON.parse(
            JSON.stringify(right).replaceAll("__proto__", "proto"),
          ) as JsonObject;
          const before = JSON.stringify([payload, input]);
          expect(mergeInput(payload, input, none).payload).toEqual({ ...payload, ...input });
          const { payload: deep } = mergeInput(payload, input, none, "deep");
          expect(new Set(Object.keys(deep))).toEqual(new Set([...Object.keys(payload), ...Object.keys(input)]));
          expect(mergeInput(deep, input, none, "deep").payload).toEqual(deep);
          expect(JSON.stringify([payload, input])).toBe(before);
        },
      ),
    );
  });
});

describe("prototypes", () => {
  const hostile = [
    '{"__proto__":{"polluted":true}}',
    '{"a":{"__proto__":{"polluted":true}}}',
    '{"list":[{"__proto__":{"polluted":true}}]}',
  ];
  it.each(hostile)("refuses %s", (text) => {
    for (const mode of ["shallow", "deep"] as const) {
      expect(() => mergeInput({}, JSON.parse(text) as JsonObject, none, mode)).toThrow(/__proto__/u);
    }
  });

  it("treats constructor as data", () => {
    const input = JSON.parse('{"constructor":{"prototype":{"polluted":true}}}') as JsonObject;
    const { payload } = mergeInput({}, input, none, "deep");
    expect(JSON.stringify(payload)).toBe(JSON.stringify(input));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect((Object as unknown as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it("keeps a stored payload's own __proto__ property as the data that it is", () => {
    const stored = JSON.parse('{"__proto__":{"x":1},"keep":2}') as JsonObject;
    const { payload } = mergeInput(stored, { approved: true }, none, "deep");
    expect(JSON.stringify(payload)).toBe('{"__proto__":{"x":1},"keep":2,"approved":true}');
  });
});
