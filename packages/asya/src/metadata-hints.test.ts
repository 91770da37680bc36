import { expect, it } from "vitest";

import { metadataHints } from "./metadata-hints.ts";
import { parsePauseMetadata } from "./parse-pause-metadata.ts";

it.each([
  ["promt", "prompt"],
  ["Prompt", "prompt"],
  ["prmopt", "prompt"],
  ["field", "fields"],
  ["feilds", "fields"],
])("at the top, %s looks like %s and is passed on", (typed, meant) => {
  const metadata = parsePauseMetadata({ [typed]: "x" });
  expect(metadata[typed]).toBe("x");
  expect(metadataHints(metadata)).toEqual([`${typed}: did you mean "${meant}"? It is passed on as it is.`]);
});

it.each([
  ["requird", "required"],
  ["require", "required"],
  ["reqiured", "required"],
  ["promt", "prompt"],
  ["nmae", "name"],
  ["typ", "type"],
  ["Type", "type"],
  ["payloadKey", "payload_key"],
  ["payload-key", "payload_key"],
  ["paylod_key", "payload_key"],
  ["defualt", "default"],
  ["option", "options"],
])("in a field, %s looks like %s and is passed on", (typed, meant) => {
  const metadata = parsePauseMetadata({ fields: [{ name: "a", type: "string", [typed]: "x" }] });
  expect(metadata.fields[0]?.[typed]).toBe("x");
  expect(metadataHints(metadata)).toEqual([`fields.0.${typed}: did you mean "${meant}"? It is passed on as it is.`]);
});

it("says nothing of properties that a page has for itself", () => {
  const own = [
    "theme",
    "widget",
    "label",
    "title",
    "help",
    "hint",
    "placeholder",
    "mode",
    "time",
    "style",
    "min",
    "max",
  ];
  const properties = Object.fromEntries(own.map((name) => [name, "x"]));
  const field = { name: "a", type: "string", prompt: "A?", payload_key: "/a", required: false, ...properties };
  expect(metadataHints(parsePauseMetadata({ prompt: "?", ...properties, fields: [field] }))).toEqual([]);
});

it.each<readonly [string, readonly object[], readonly string[]]>([
  [
    "a default that is none of the options",
    [
      { name: "region", type: "string", options: ["eu", "us"], default: "moon" },
      { name: "tags", type: "array", options: ["a", "b"], default: ["a", "c"] },
      { name: "fine", type: "array", options: ["a", "b"], default: ["a", "b"] },
      { name: "none", type: "string", options: ["a"], default: null },
    ],
    ['fields.0.default: it is not one of "eu", "us".', 'fields.1.default: it is not one of "a", "b".'],
  ],
  [
    "two fields at one place",
    [
      { name: "a", type: "string", payload_key: "/review/notes" },
      { name: "b", type: "string", payload_key: "review/notes" },
    ],
    ["fields.1: it lands at /review/notes in the payload, in place of fields.0."],
  ],
  [
    "a field inside of another that is no object",
    [
      { name: "notes", type: "string", payload_key: "/review/notes" },
      { name: "review", type: "boolean" },
      { name: "more", type: "object" },
      { name: "size", type: "number", payload_key: "/more/size" },
    ],
    ["fields.0: it cannot land at /review/notes in the payload, since fields.1 lands at /review."],
  ],
])("names %s", (_what, fields, hints) => {
  expect(metadataHints(parsePauseMetadata({ fields }))).toEqual(hints);
});
