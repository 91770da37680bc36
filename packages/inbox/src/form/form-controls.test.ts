import type { JsonObject } from "@holdpoint/core/json";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { controlsOfFields, controlsOfSchema } from "./controls-of.ts";
import type { FormControl } from "./form-control.ts";
import { inputName, readControls } from "./read-controls.ts";
import { renderControls } from "./render-controls.ts";

/** What a browser sends of a form that nobody has touched. */
function untouched(controls: readonly FormControl[], sent?: URLSearchParams): URLSearchParams {
  const form = new URLSearchParams();
  const text = String(renderControls(controls, { prefix: "f", sent, problems: new Map() }));
  const unescape = (escaped: string): string =>
    escaped
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&quot;", '"')
      .replaceAll("&#39;", "'")
      .replaceAll("&amp;", "&");
  const inputs = /<input[^>]*>|<select[^>]*>[^]*?<\/select\s*>|<textarea[^>]*>[^]*?<\/textarea\s*>/gu;
  for (const [whole] of text.matchAll(inputs)) {
    const name = / name="([^"]*)"/u.exec(whole)?.[1] ?? "";
    if (/type="(?:radio|checkbox)"/u.test(whole) && !/\schecked\s/u.test(whole)) continue;
    const chosen = /<option value="([^"]*)"\s+selected/u.exec(whole)?.[1];
    const value = whole.startsWith("<select")
      ? (chosen ?? "")
      : whole.startsWith("<textarea")
        ? (/^<textarea[^>]*>\n?([^]*)<\/textarea/u.exec(whole)?.[1] ?? "")
        : (/ value="([^"]*)"/u.exec(whole)?.[1] ?? "");
    form.append(name, unescape(value));
  }
  return form;
}

const properties: JsonObject = {
  short: { type: "string", maxLength: 20 },
  long: { type: "string" },
  mail: { type: "string", format: "email" },
  whole: { type: "integer" },
  number: { type: "number" },
  flag: { type: "boolean" },
  one: { enum: ["a", 1, null, "<&>"], enumNames: ["A", "One", "None", "Odd"] },
  titled: { oneOf: [{ const: "x", title: "X" }, { const: "y" }] },
  many: { type: "array", items: { enum: ["r", "g", "b", "y", "m", "c", "k"] } },
  listed: { enum: Array.from({ length: 20 }, (_, index) => `item ${index}`) },
  anything: { type: "object" },
  referred: { $ref: "#/$defs/region", title: "Where to?" },
  shared: { allOf: [{ $ref: "#/$defs/region" }] },
  nullable: { anyOf: [{ type: "string" }, { type: "null" }] },
  nullableRegion: { oneOf: [{ type: "null" }, { $ref: "#/$defs/region" }] },
  nullableFlag: { type: ["boolean", "null"] },
  nullableNumber: { type: ["null", "number"] },
  manyReferred: { type: "array", items: { $ref: "#/$defs/region" } },
  constant: { const: "fixed" },
};
const $defs: JsonObject = {
  region: { $ref: "#/$defs/area%20code" },
  "area code": { title: "Region", description: "Where it runs.", enum: ["eu", "us"] },
};

describe("a form", () => {
  it("that nobody touches gives back what it began with", () => {
    // A line break is the one character that forms do not keep as it is.
    const words = fc.string({ minLength: 1, unit: "grapheme" }).filter((text) => !/[\r\n]/u.test(text));
    const values = fc.record(
      {
        short: fc.option(words, { nil: "" }),
        long: words.map((text) => `\n${text}\n`),
        mail: words,
        whole: fc.integer(),
        number: fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)),
        flag: fc.boolean(),
        one: fc.constantFrom("a", 1, null, "<&>"),
        titled: fc.constantFrom("x", "y"),
        many: fc.subarray(["r", "g", "b", "y", "m", "c", "k"], { minLength: 1 }),
        listed: fc.constantFrom("item 0", "item 19"),
        anything: fc
          .dictionary(words, fc.jsonValue({ noUnicodeString: false }), { noNullPrototype: true })
          .map((value) => JSON.parse(JSON.stringify(value)) as unknown),
        referred: fc.constantFrom("eu", "us"),
        shared: fc.constantFrom("eu", "us"),
        nullable: fc.constantFrom("", "text", null),
        nullableRegion: fc.constantFrom("eu", "us", null),
        nullableFlag: fc.constantFrom(true, false, null),
        nullableNumber: fc.constantFrom(0, 1.5, null),
        manyReferred: fc.subarray(["eu", "us"]),
        constant: fc.constant("fixed"),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(values, (value) => {
        const controls = controlsOfSchema(
          { type: "object", properties, $defs, required: Object.keys(properties) },
          value,
        );
        const once = untouched(controls);
        expect(readControls(controls, once)).toEqual({ value, problems: new Map() });
        // And the same once it was given back.
        expect([...untouched(controls, once)]).toEqual([...once]);
      }),
    );
  });

  it("leaves out what was left empty, and misses what is needed", () => {
    const controls = controlsOfSchema({ type: "object", properties, required: ["short", "flag"] });
    const { value, problems } = readControls(controls, untouched(controls));
    expect(value).toEqual({ many: [] });
    const names = [...problems.keys()].map((index) => controls[index]?.name);
    expect(names).toEqual(["short", "flag"]);
  });

  it("edits as one text what has no inputs of its own, or more than them", () => {
    const schema = { type: "object", properties: { a: { type: "string" } } };
    expect(controlsOfSchema(schema, { a: "x", b: 1 })).toMatchObject([{ name: undefined, shape: { kind: "json" } }]);
    expect(controlsOfSchema(undefined, [1])).toMatchObject([
      { name: undefined, shape: { kind: "json" }, initial: [1] },
    ]);
    expect(controlsOfSchema({ type: "string", title: "Name" })).toMatchObject([
      { name: undefined, label: "Name", shape: { kind: "text" } },
    ]);
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`p${index}`, { type: "string" }]));
    expect(controlsOfSchema({ type: "object", properties: many })).toHaveLength(1);
  });

  it("asks for what a schema refers to, under the name of what it is for", () => {
    const schema = {
      $ref: "#/$defs/answer",
      $defs: {
        answer: { type: "object", properties, required: ["shared", "nullable", "nullableFlag"] },
        ...$defs,
      },
    };
    const controls = controlsOfSchema(schema).filter(({ name }) =>
      /referred|shared|nullable|constant/iu.test(name ?? ""),
    );
    expect(controls.map(({ name, label, hint, required, shape }) => [name, label, hint, required, shape.kind])).toEqual(
      [
        ["referred", "Where to?", "Where it runs.", false, "choice"],
        ["shared", "shared", "Where it runs.", true, "choice"],
        ["nullable", "nullable", undefined, false, "text"],
        ["nullableRegion", "nullableRegion", "Where it runs.", false, "choice"],
        ["nullableFlag", "nullableFlag", undefined, false, "boolean"],
        ["nullableNumber", "nullableNumber", undefined, false, "number"],
        ["manyReferred", "manyReferred", undefined, false, "choices"],
        ["constant", "constant", undefined, false, "choice"],
      ],
    );
    const form = new URLSearchParams({ [inputName(1)]: "0" });
    // Nothing is the one way to say null where the schema needs a value.
    expect(readControls(controls, form)).toEqual({
      value: { shared: "eu", nullable: null, nullableFlag: null, manyReferred: [] },
      problems: new Map(),
    });
  });

  it.each<readonly [string, JsonObject]>([
    ["to itself", { $ref: "#/properties/a" }],
    ["to another that refers to it", { allOf: [{ $ref: "#/$defs/round" }] }],
    ["to the whole", { $ref: "#" }],
    ["to nothing", { $ref: "#/$defs/missing" }],
    ["to a text", { $ref: "#/title" }],
    ["to what every object has", { $ref: "#/constructor" }],
    ["by an anchor", { $ref: "#somewhere" }],
    ["by no address", { $ref: "#/%" }],
  ])("is one text where a part refers %s", (_where, a) => {
    const round = { anyOf: [{ $ref: "#/properties/a" }, { type: "null" }] };
    const schema = { title: "Whole", type: "object", properties: { a }, $defs: { round } };
    expect(controlsOfSchema(schema)).toMatchObject([{ name: "a", shape: { kind: "json" } }]);
  });

  it("asks for declared fields as they are declared, and preselects nothing by itself", () => {
    const controls = controlsOfFields([
      { name: "approved", type: "boolean", prompt: "Approve?" },
      { name: "region", type: "string", options: ["eu", "us"], default: "us" },
      { name: "tags", type: "array", options: ["a", "b"], required: false },
      { name: "count", type: "number", required: false, default: null },
      { name: "more", type: "object", required: false },
    ]);
    const form = untouched(controls);
    expect(readControls(controls, form)).toEqual({
      value: { region: "us", tags: [] },
      problems: new Map([[0, "This is needed."]]),
    });
    form.set(inputName(0), "no");
    form.set(inputName(3), "0.10");
    expect(JSON.stringify(readControls(controls, form).value)).toBe(
      '{"approved":false,"region":"us","tags":[],"count":0.10}',
    );
  });

  it("takes no choice that was not offered, and no number that is none", () => {
    const controls = controlsOfSchema({ type: "object", properties, required: ["one", "whole"] });
    const form = new URLSearchParams({
      [inputName(6)]: "7",
      [inputName(3)]: "0x10",
      [inputName(8)]: "99",
      [inputName(9)]: "-1",
    });
    const { value, problems } = readControls(controls, form);
    expect(value).toEqual({ many: [] });
    expect([...problems]).toEqual([
      [3, "Give a whole number, such as 5."],
      [6, "This is needed."],
    ]);
  });

  it("reads a day and time as UTC, as its label says", () => {
    const schema = { type: "object", properties: { at: { type: "string", format: "date-time" } } };
    const controls = controlsOfSchema(schema, { at: "2026-11-29T12:00:00Z" });
    expect(String(renderControls(controls, { prefix: "f", sent: undefined, problems: new Map() }))).toContain("(UTC)");
    expect(readControls(controls, untouched(controls)).value).toEqual({ at: "2026-11-29T12:00:00Z" });
    expect(readControls(controls, new URLSearchParams({ [inputName(0)]: "2026-11-29T12:00" })).value).toEqual({
      at: "2026-11-29T12:00:00Z",
    });
  });
});
