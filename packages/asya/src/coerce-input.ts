import type { JsonObject } from "@holdpoint/core";
import { isJsonNumber, isJsonObject, isSameJson, parseLosslessJson } from "@holdpoint/core/json";

import type { PauseField, PauseMetadata } from "./pause-metadata.ts";

/**
 * A person's input with texts read as what their fields declare. Gateways and forms make a text of `true` and `5`;
 * such a text becomes the value again where it can mean nothing else. Whatever it leaves as it is, the check of the
 * whole input names.
 */
export function coerceInput(input: JsonObject, { fields }: PauseMetadata): JsonObject {
  const coerced = new Map(Object.entries(input));
  for (const field of fields) {
    if (coerced.has(field.name)) coerced.set(field.name, coerceValue(coerced.get(field.name), field));
  }
  return Object.fromEntries(coerced);
}

function coerceValue(value: unknown, field: PauseField): unknown {
  if (Array.isArray(value) && field.type === "array") return value.map((item) => coerceChoice(item, field));
  if (typeof value !== "string") return value;
  const text = value.trim();
  switch (field.type) {
    case "boolean":
      // `True` is how Python writes it.
      return /^true$/iu.test(text) ? true : /^false$/iu.test(text) ? false : value;
    case "number":
      return readAs(text, isJsonNumber) ?? value;
    case "array": {
      const list = readAs(text, Array.isArray);
      return Array.isArray(list) ? list.map((item) => coerceChoice(item, field)) : value;
    }
    case "object":
      return readAs(text, isJsonObject) ?? value;
    case "string":
    // Of a document that another program wrote, the type may be anything.
    default:
      return value;
  }
}

/** An item of a multiple choice has no type of its own; but its text may be that of one of the choices. */
function coerceChoice(item: unknown, { options }: PauseField): unknown {
  if (typeof item !== "string" || !Array.isArray(options) || options.includes(item)) return item;
  const meant = readAs(item.trim(), (value) => typeof value !== "string");
  if (meant === undefined) return item;
  return options.find((option) => isSameJson(option, meant)) ?? item;
}

/** What a text is as JSON; `undefined` if it is none, or of another kind. */
function readAs(text: string, isWanted: (value: unknown) => boolean): unknown {
  try {
    const value = parseLosslessJson(text);
    return isWanted(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
