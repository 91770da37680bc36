import type { JsonObject } from "@holdpoint/core";
import fc from "fast-check";
import { expect, test } from "vitest";

import { assertEnvelope } from "./assert-envelope.ts";
import { LedgerError } from "./ledger-error.ts";
import { mergeInput } from "./merge-input.ts";
import { parsePauseMetadata } from "./parse-pause-metadata.ts";
import { readStoredMetadata } from "./pause-metadata.ts";
import { findTrail } from "./trail.ts";
import { validateInput } from "./validate-input.ts";

const special = fc.constantFrom(
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "a2a",
  "a",
  "b",
  "",
  "/",
  "/a/b",
  "/__proto__/polluted",
  "/constructor/prototype/polluted",
  "string",
  "number",
  "object",
);
const name = fc.oneof(special, fc.string({ maxLength: 4 }));
const { json } = fc.letrec<{ json: unknown; object: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(null, true, 1, -0, 1e308, "text", "\ud800"),
    special,
    fc.array(tie("json"), { maxLength: 3 }),
    tie("object"),
  ),
  // With a property of its own called __proto__, as JSON.parse makes it.
  object: fc
    .array(fc.tuple(name, tie("json")), { maxLength: 4 })
    .map(
      (entries) =>
        JSON.parse(
          `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`,
        ) as unknown,
    ),
}));
const object = fc
  .array(fc.tuple(name, json), { maxLength: 5 })
  .map(
    (entries) =>
      JSON.parse(
        `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`,
      ) as JsonObject,
  );
const field = fc.record(
  {
    name,
    type: fc.oneof(special, json),
    payload_key: fc.oneof(name, json),
    required: json,
    default: json,
    options: json,
    prompt: json,
  },
  { requiredKeys: ["name"] },
);
const looseMetadata = fc.oneof(
  json,
  fc.record({ prompt: json, fields: fc.oneof(json, fc.array(fc.oneof(field, json), { maxLength: 4 })) }),
);

/** What a call returns, unless it is refused for a reason that people are told. */
async function unlessRefused<Result>(call: () => Result | Promise<Result>): Promise<Result | undefined> {
  try {
    return await call();
  } catch (error) {
    if (!LedgerError.is(error)) throw error;
    expect(error.message).not.toBe("");
    return undefined;
  }
}

function expectCleanPrototype(): void {
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as JsonObject)["polluted"]).toBeUndefined();
}

function hasOwnPrototypeName(value: unknown): boolean {
  return JSON.stringify(value).includes('"__proto__":');
}

test("an envelope is one, or is refused", async () => {
  const envelope = fc.record(
    {
      id: json,
      parent_id: json,
      route: fc.oneof(json, fc.record({ prev: json, curr: json, next: json })),
      headers: json,
      status: json,
      payload: json,
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(fc.oneof(json, envelope), async (value) => {
      const checked = await unlessRefused(() => assertEnvelope(value, "be paused"));
      if (checked !== undefined) expect(findTrail(checked)).toEqual({ kind: "none" });
    }),
    { numRuns: 500 },
  );
});

test("metadata is read, or refused with a reason", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        looseMetadata,
        fc.string(),
        looseMetadata.map((value) => JSON.stringify(value)),
      ),
      (source) => {
        expect(() => readStoredMetadata(source)).not.toThrow();
        try {
          parsePauseMetadata(source as string | object);
        } catch (error) {
          expect(Object.getPrototypeOf(error)).toBe(Error.prototype);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("input is merged or refused, changes neither argument, and reaches no prototype", async () => {
  await fc.assert(
    fc.asyncProperty(
      object,
      object,
      looseMetadata,
      fc.constantFrom("shallow" as const, "deep" as const),
      async (payload, input, stored, mode) => {
        const before = JSON.stringify([payload, input]);
        const metadata = readStoredMetadata(stored);
        const complete = (await unlessRefused(() => validateInput(input, metadata))) ?? input;
        const merged = await unlessRefused(() => mergeInput(payload, complete, metadata, mode));
        expect(JSON.stringify([payload, input])).toBe(before);
        expectCleanPrototype();
        if (merged !== undefined && !hasOwnPrototypeName(payload))
          expect(hasOwnPrototypeName(merged.payload)).toBe(false);
      },
    ),
    { numRuns: 1_000 },
  );
});

test("strict validation lets through what has the declared types, and nothing else", async () => {
  const types = ["string", "boolean", "number", "array", "object"] as const;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...types), fc.oneof(json, object), async (type, value) => {
      const metadata = parsePauseMetadata({ fields: [{ name: "value", type }] });
      const isOfType = type === (Array.isArray(value) ? "array" : value === null ? "null" : typeof value);
      expect((await unlessRefused(() => validateInput({ value }, metadata))) !== undefined).toBe(isOfType);
    }),
    { numRuns: 300 },
  );
});
