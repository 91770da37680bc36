import { isJsonObject } from "../json/lossless-json.ts";
import type { JsonObject } from "../json/lossless-json.ts";

/** One value that a schema lets choose. */
export interface SchemaChoice {
  readonly value: unknown;
  /** What people see of it, where the schema says so; it may be anything. */
  readonly label: unknown;
}

/**
 * The choices that a schema names: `enum` (with `enumNames`), alternatives that are constants with titles, or the one
 * constant; `undefined` where it names none.
 *
 * @example
 * ```ts
 * schemaChoices({ oneOf: [{ const: "eu", title: "Europe" }] }); // [{ value: "eu", label: "Europe" }]
 * ```
 */
export function schemaChoices(schema: JsonObject): readonly SchemaChoice[] | undefined {
  const { enum: values, enumNames: names } = schema;
  if (Array.isArray(values) && values.length > 0) {
    const labels = Array.isArray(names) ? (names as readonly unknown[]) : [];
    return values.map((value, index) => ({ value, label: labels[index] }));
  }
  if (Object.hasOwn(schema, "const")) return [{ value: schema["const"], label: undefined }];
  const alternatives = schema["oneOf"] ?? schema["anyOf"];
  if (!Array.isArray(alternatives) || alternatives.length === 0) return undefined;
  if (!alternatives.every(isConstant)) return undefined;
  return alternatives.map((alternative) => ({ value: alternative["const"], label: alternative["title"] }));
}

function isConstant(alternative: unknown): alternative is JsonObject {
  return isJsonObject(alternative) && Object.hasOwn(alternative, "const");
}
