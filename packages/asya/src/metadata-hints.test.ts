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
