import { expect, it } from "vitest";

import { parsePauseMetadata } from "./parse-pause-metadata.ts";
import { readStoredMetadata } from "./pause-metadata.ts";

it("reads the guide's example and keeps what it does not know", () => {
  const metadata = {
    prompt: "Review this analysis",
    fields: [
      { name: "approved", type: "boolean", prompt: "Approve?", required: true },
      { name: "feedback", type: "string", payload_key: "/review/feedback", required: false, widget: "textarea" },
      { name: "level", type: "string", options: ["low", "high"], default: "low" },
    ],
    theme: "dark",
  };
  expect(parsePauseMetadata(JSON.stringify(metadata))).toEqual(metadata);
  expect(parsePauseMetadata("{}")).toEqual({ prompt: "Task paused", fields: [] });
});

it("lists every violation with its place", () => {
  const metadata = {
    prompt: 5,
    fields: [{ type: "bool" }, { name: "a", type: "string", payload_key: "/x//y", options: [], required: "yes" }],
  };
  expect(() => parsePauseMetadata(metadata)).toThrow(
    /prompt: expected text\nfields\.0\.name: .*\nfields\.0\.type: expected one of string, boolean.*\nfields\.1\.payload_key: .*empty name.*\nfields\.1\.required: .*\nfields\.1\.options: /u,
  );
});

it.each([
  [{ type: "number", default: "5" }, "fields.0.default: expected a value of the field's type, which is number"],
  [{ type: "boolean", default: "true" }, "fields.0.default: expected a value of the field's type, which is boolean"],
  [{ type: "string", default: false }, "fields.0.default: expected a value of the field's type, which is string"],
  [{ type: "array", default: "a" }, "fields.0.default: expected a value of the field's type, which is array"],
  [{ type: "object", default: [] }, "fields.0.default: expected a value of the field's type, which is object"],
  [{ type: "string", options: ["a", 1] }, "fields.0.options.1: expected a value of the field's type, which is string"],
  [{ type: "number", options: ["1"] }, "fields.0.options.0: expected a value of the field's type, which is number"],
  [{ type: "string", options: [null] }, "fields.0.options.0: expected a value of the field's type, which is string"],
])("refuses a default or an option of another type: %j", (field, message) => {
  expect(() => parsePauseMetadata({ fields: [{ name: "a", ...field }] })).toThrow(new Error(message));
});

it.each([
  { type: "number", default: 0, options: [0, 1.5] },
  { type: "boolean", default: false },
  { type: "string", default: null },
  { type: "string", required: false, options: ["a", null] },
  { type: "array", default: ["a"], options: ["a", 1, { b: 2 }] },
  { type: "object", default: {}, options: [{}, { a: 1 }] },
])("takes a default and options of the field's type: %j", (field) => {
  expect(parsePauseMetadata({ fields: [{ name: "a", ...field }] }).fields).toEqual([{ name: "a", ...field }]);
});

it.each([
  ["text that is not JSON", "{prompt:", /not JSON/u],
  ["a list", "[]", /JSON object/u],
  ["two fields of one name", '{"fields":[{"name":"a","type":"string"},{"name":"a","type":"number"}]}', /differ/u],
  [
    "a path into a prototype",
    '{"fields":[{"name":"a","type":"string","payload_key":"/constructor/x"}]}',
    /without __proto__/u,
  ],
  ["a field named __proto__", '{"fields":[{"name":"__proto__","type":"string"}]}', /other than __proto__/u],
])("refuses %s", (_name, text, message) => {
  expect(() => parsePauseMetadata(text)).toThrow(message);
});

it("makes the best of what another program stored", () => {
  expect(readStoredMetadata(null)).toEqual({ prompt: "Task paused", fields: [] });
  expect(readStoredMetadata({ prompt: 1, fields: [{ name: "a" }, "b", { label: "c" }], x: 1 })).toEqual({
    prompt: "Task paused",
    fields: [{ name: "a" }],
    x: 1,
  });
});
