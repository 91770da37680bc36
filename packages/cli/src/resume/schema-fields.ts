import type { JsonObject } from "@holdpoint/core";
import { askedSchema, schemaChoices, validateAgainst } from "@holdpoint/core/holds";
import { isJsonObject } from "@holdpoint/core/json";

import type { AskedField } from "./ask-fields.ts";

const simpleTypes = ["string", "boolean", "array", "object"] as const;

/** What a schema of a flat object asks for, property by property; `undefined` for any other, which is asked for whole. */
export function fieldsOfSchema(schema: JsonObject): readonly AskedField[] | undefined {
  const { properties, required: needed } = askedSchema(schema).schema;
  if (!isJsonObject(properties) || Object.keys(properties).length === 0) return undefined;
  const required = Array.isArray(needed) ? (needed as readonly unknown[]) : [];
  return Object.entries(properties).map(([name, part]) => {
    const { schema: property, isNullable } = askedSchema(schema, part);
    const several = isJsonObject(property["items"]) && property["type"] === "array" ? property["items"] : undefined;
    const choices = schemaChoices(several ?? property);
    const isNeeded = required.includes(name);
    return {
      name,
      type: typeOf(property),
      prompt: [property["title"] ?? name, property["description"]]
        .filter((text) => typeof text === "string")
        .join(": "),
      required: isNeeded && !isNullable,
      whenEmpty: isNeeded && isNullable ? null : undefined,
      default: property["default"],
      options: choices?.map((choice) => choice.value),
      labels: choices?.map((choice) => choice.label),
      faultsOf: async (answer) => await faultsOf(schema, name, part, answer),
    };
  });
}

/** One value alone, by the definitions of the whole. */
async function faultsOf(
  { $defs, definitions }: JsonObject,
  name: string,
  property: unknown,
  answer: unknown,
): Promise<readonly string[]> {
  try {
    const schema = { $defs: $defs ?? {}, definitions: definitions ?? {}, properties: { [name]: property } };
    return await validateAgainst(schema, { [name]: answer });
  } catch {
    // It refers to another part of the whole, by which the whole answer is checked.
    return [];
  }
}

function typeOf({ type }: JsonObject): AskedField["type"] {
  if (type === "number" || type === "integer") return "number";
  return simpleTypes.find((each) => each === type) ?? "any value";
}
