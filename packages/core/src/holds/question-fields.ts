import type { JsonObject } from "../json/lossless-json.ts";

/** One value that a person is asked for. Properties beyond these are kept, and handed to whoever renders the question. */
export interface QuestionField {
  /** The name of the value in the answer. */
  readonly name: string;
  readonly type: "string" | "boolean" | "number" | "array" | "object";
  /** The label that a person sees. */
  readonly prompt?: string | undefined;
  /** Whether the answer must have it. @default true */
  readonly required?: boolean | undefined;
  /** What a form begins with. @default none */
  readonly default?: unknown;
  /** The choices; for the type `array`, of each of several. @default any value */
  readonly options?: readonly unknown[] | undefined;
  readonly [property: string]: unknown;
}

const types: readonly unknown[] = ["string", "boolean", "number", "array", "object"];
const reservedNames: readonly unknown[] = ["__proto__", "constructor", "prototype"];

/**
 * The schema that says the same as fields do.
 *
 * @throws {Error} with what is wrong with them
 */
export function schemaOfFields(fields: readonly QuestionField[]): JsonObject {
  if (!Array.isArray(fields) || fields.length === 0) throw new Error("expected a list of fields");
  for (const [index, field] of fields.entries()) {
    if (typeof field?.name !== "string" || field.name === "" || reservedNames.includes(field.name)) {
      throw new Error(`[${index}].name: expected text other than __proto__, constructor and prototype`);
    }
    if (!types.includes(field.type)) throw new Error(`[${index}].type: expected one of ${types.join(", ")}`);
    if (field.options !== undefined && !(Array.isArray(field.options) && field.options.length > 0)) {
      throw new Error(`[${index}].options: expected a list of choices`);
    }
  }
  if (new Set(fields.map(({ name }) => name)).size !== fields.length) throw new Error("expected names that differ");
  const required = fields.filter((field) => field.required !== false).map(({ name }) => name);
  return {
    type: "object",
    properties: Object.fromEntries(fields.map((field) => [field.name, schemaOf(field)])),
    required,
    additionalProperties: false,
  };
}

function schemaOf({ type, options, required }: QuestionField): JsonObject {
  const choices = options === undefined ? {} : type === "array" ? { items: { enum: options } } : { enum: options };
  const schema = { type, ...choices };
  // Who need not give a value may say so.
  return required === false ? { anyOf: [schema, { type: "null" }] } : schema;
}
