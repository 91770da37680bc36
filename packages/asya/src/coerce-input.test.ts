import { parseLosslessJson } from "@holdpoint/core/json";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { LedgerError } from "./ledger-error.ts";
import type { PauseField } from "./pause-metadata.ts";
import { prepareInput } from "./prepare-input.ts";

async function prepare(field: Omit<PauseField, "name">, value: unknown): Promise<unknown> {
  const fields = [{ name: "f", ...field } as PauseField];
  return (await prepareInput({ f: value }, { prompt: "?", fields }, "coerce"))["f"];
}

async function isRefused(preparing: Promise<unknown>): Promise<boolean> {
  return await preparing.then(
    () => false,
    (error: unknown) => LedgerError.is(error, "invalid-input"),
  );
}

describe("a text that a gateway made", () => {
  it.each([
    ["boolean", "true", true],
    ["boolean", "False", false],
    ["boolean", " TRUE\n", true],
    ["number", "5", 5],
    ["number", " -0.25 ", -0.25],
    ["number", "1e3", parseLosslessJson("1e3")],
    ["number", "12345678901234567890", parseLosslessJson("12345678901234567890")],
    ["array", '["a", 1]', ["a", 1]],
    ["object", '{"a":[1]}', { a: [1] }],
    // What needs no reading stays as it is.
    ["string", "true", "true"],
    ["string", "5", "5"],
    ["boolean", false, false],
    ["number", 0, 0],
    ["array", [], []],
  ] as const)("for a field of type %s becomes what the field declares: %j", async (type, text, value) => {
    expect(JSON.stringify(await prepare({ type }, text))).toBe(JSON.stringify(value));
  });

  it.each([
    ["boolean", ["1", "0", "yes", "on", "", "truee", "null", 1, "[true]"]],
    [
      "number",
      ["", " ", "05", "+5", "1,5", "1_000", "0x10", "NaN", "Infinity", "5 apples", "true", '"5"', true, "½", "٣"],
    ],
    ["array", ["", "a", "a,b", '{"a":1}', "1", "[1", "null"]],
    ["object", ["", "a=b", "[1]", "{a:1}", "null", '"{}"']],
    ["string", [5, true, null, ["a"], {}]],
  ] as const)("for a field of type %s is refused where it may mean something else", async (type, texts) => {
    const taken: unknown[] = [];
    for (const text of texts) if (!(await isRefused(prepare({ type }, text)))) taken.push(text);
    expect(taken).toEqual([]);
  });

  it("is compared with the choices after it was read", async () => {
    expect(await prepare({ type: "number", options: [1, 2] }, "2")).toBe(2);
    await expect(prepare({ type: "number", options: [1, 2] }, "3")).rejects.toThrow("is not one of 1, 2");
    expect(await prepare({ type: "array", options: [1, 2, true] }, ["1", "true"])).toEqual([1, true]);
    expect(await prepare({ type: "array", options: [1, 2] }, '["1", 2]')).toEqual([1, 2]);
    expect(await prepare({ type: "array", options: ["1", 1] }, ["1"])).toEqual(["1"]);
    await expect(prepare({ type: "array", options: [1] }, ["2"])).rejects.toThrow("is not one of 1");
  });

  it("is one of several, all of which are named where they do not fit, beside what is missing", async () => {
    const fields: readonly PauseField[] = [
      { name: "approved", type: "boolean" },
      { name: "level", type: "number", default: 3 },
      { name: "notes", type: "string", required: false },
      { name: "count", type: "number" },
    ];
    expect(await prepareInput({ approved: "true", count: "2" }, { prompt: "?", fields }, "coerce")).toEqual({
      approved: true,
      level: 3,
      count: 2,
    });
    await expect(prepareInput({ approved: "yes", count: "two" }, { prompt: "?", fields }, "coerce")).rejects.toThrow(
      /approved is a string; expected boolean; count is a string; expected number/u,
    );
  });
});

it("reads back every value whose text it is, and changes nothing that fits already", async () => {
  const kinds = [
    ["boolean", fc.boolean()],
    ["number", fc.double({ noNaN: true, noDefaultInfinity: true })],
    ["array", fc.array(fc.jsonValue())],
    [
      "object",
      fc.dictionary(
        fc.string().filter((name) => name !== "__proto__"),
        fc.jsonValue(),
      ),
    ],
  ] as const;
  const asked = fc.oneof(...kinds.map(([type, values]) => values.map((value: unknown) => ({ type, value }))));
  await fc.assert(
    fc.asyncProperty(asked, async ({ type, value }) => {
      const text = JSON.stringify(value);
      expect(JSON.stringify(await prepare({ type }, text))).toBe(text);
      expect(await prepare({ type }, value)).toEqual(value);
    }),
  );
});
