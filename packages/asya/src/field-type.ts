import { isJsonNumber, isJsonObject } from "@holdpoint/core/json";

/** The JSON types that a field can ask for. */
export const fieldTypes = ["string", "boolean", "number", "array", "object"] as const;

/** One of {@link fieldTypes}. */
export type FieldType = (typeof fieldTypes)[number];

// Of a document that another program wrote, the type may be any JSON.
const typeChecks: ReadonlyMap<unknown, (value: unknown) => boolean> = new Map<FieldType, (value: unknown) => boolean>([
  ["string", (value) => typeof value === "string"],
  ["boolean", (value) => typeof value === "boolean"],
  ["number", isJsonNumber],
  ["array", Array.isArray],
  ["object", isJsonObject],
]);

/** Whether a value is what a field of this type holds; never of a type that we do not know. */
export function isOfFieldType(value: unknown, type: unknown): boolean {
  return typeChecks.get(type)?.(value) === true;
}
