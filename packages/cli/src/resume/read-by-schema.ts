import { askedSchema, schemaChoices } from "@holdpoint/core/holds";
import type { JsonObject } from "@holdpoint/core/json";
import { isJsonObject, parseLosslessJson } from "@holdpoint/core/json";

/** A text as a property's schema says; one that cannot be read so stays a text, which the check of the whole then names. */
export function readBySchema(text: string, schema: JsonObject, name: string): unknown {
  const { properties } = askedSchema(schema).schema;
  if (!isJsonObject(properties) || !Object.hasOwn(properties, name)) return text;
  const types = typesOf(schema, properties[name]);
  return types.includes("string") || types.length === 0 ? text : jsonOrText(text);
}

/** What a text is as JSON; one that is no JSON stays what it is. */
export function jsonOrText(text: string): unknown {
  try {
    return parseLosslessJson(text);
  } catch {
    return text;
  }
}

function typesOf(whole: JsonObject, property: unknown): readonly unknown[] {
  const { schema } = askedSchema(whole, property);
  const alternatives = [schema["anyOf"], schema["oneOf"]].flatMap((each): readonly unknown[] =>
    Array.isArray(each) ? each : [],
  );
  const types = [schema, ...alternatives.map((each) => askedSchema(whole, each).schema)].flatMap(({ type }) => type);
  const choices = schemaChoices(schema) ?? [];
  return [...types.filter((type) => type !== undefined), ...choices.map(({ value }) => typeof value)];
}
