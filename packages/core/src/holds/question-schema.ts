import { runInNewContext } from "node:vm";

import { jsonProblem } from "../json/json-problem.ts";
import { canonicalJson, isJsonNumber, isJsonObject } from "../json/lossless-json.ts";
import type { JsonObject } from "../json/lossless-json.ts";

/**
 * A schema of a library that can say it as JSON Schema, such as Zod 4 or ArkType.
 *
 * @see https://standardschema.dev/json-schema
 */
export interface ConvertibleSchema {
  readonly "~standard": {
    readonly jsonSchema: { readonly input: (options: { readonly target: "draft-2020-12" }) => object };
  };
}

/** A JSON Schema (2020-12), or a schema of a library that can say it as one. */
export type QuestionSchema = JsonObject | ConvertibleSchema;

// A schema comes from whoever asks, and is run on what anybody answers.
const maxSchemaCharacters = 131_072;
const maxSchemaLevels = 64;
const maxCheckMs = 1_000;
const maxViolations = 50;
const maxViolationCharacters = 300;

const types = new Set(["null", "boolean", "object", "array", "number", "string", "integer"]);
const dialect = /^https?:\/\/json-schema\.org\/draft\/2020-12\/schema#?$/u;
/** Keywords whose values are somebody's data rather than schemas. */
const dataKeywords = new Set(["const", "enum", "default", "examples"]);
/** Keywords whose values are objects of schemas by name. */
const mapKeywords = new Set(["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"]);
/** What only says that something further down is wrong, which is named as well. */
const wrappers = new Set(["properties", "patternProperties", "items", "prefixItems", "$ref", "allOf", "false"]);

/**
 * A question's schema as plain JSON Schema, once it is known that answers can be checked by it.
 *
 * @example
 * ```ts
 * const schema = await readSchema({ type: "object", properties: { amount: { type: "number" } } });
 * ```
 * @throws {Error} with what is wrong with it
 */
export async function readSchema(schema: QuestionSchema): Promise<JsonObject> {
  const plain = convert(schema);
  const problem = jsonProblem(plain, "it", maxSchemaLevels);
  if (problem !== undefined) throw new Error(problem);
  const { length } = canonicalJson(plain);
  if (length > maxSchemaCharacters) {
    throw new Error(`it has ${length} characters; at most ${maxSchemaCharacters} are allowed`);
  }
  const fault = schemaFault(plain, "#");
  if (fault !== undefined) throw new Error(fault);
  // What refers to nothing, or to itself, shows when it is used.
  await validateAgainst(plain, null);
  return plain;
}

/**
 * Every fault of a value, by where it is. Takes a second at most.
 *
 * @example
 * ```ts
 * await validateAgainst({ type: "number", minimum: 1 }, 0); // ["0 is less than 1"]
 * ```
 * @throws {Error} if the schema cannot be used, or takes too long
 */
export async function validateAgainst(schema: JsonObject, value: unknown): Promise<readonly string[]> {
  // Only questions with a schema load it.
  const { Validator } = await import("@cfworker/json-schema");
  // A number kept as text is a number here. And the validator marks the parts of the schema that it is given.
  const [ownSchema, plain] = JSON.parse(JSON.stringify([schema, value])) as [JsonObject, unknown];
  const run = (): ReturnType<InstanceType<typeof Validator>["validate"]> =>
    new Validator(ownSchema, "2020-12", false).validate(plain);
  let result: ReturnType<typeof run>;
  try {
    // A pattern that backtracks for ever holds up the whole process; a script's time limit stops that too.
    result = runInNewContext("run()", { run }, { timeout: maxCheckMs }) as ReturnType<typeof run>;
  } catch (error) {
    if (isTimeout(error)) throw new Error(`checking took more than ${maxCheckMs} ms`, { cause: error });
    throw new Error(faultOf(error), { cause: error });
  }
  if (result.valid) return [];
  const leaves = result.errors.filter(({ keyword }) => !wrappers.has(keyword));
  const named = (leaves.length === 0 ? result.errors : leaves).map(({ instanceLocation, error }) =>
    `${pathOf(instanceLocation)}${error.replace(/\.$/u, "")}`.slice(0, maxViolationCharacters),
  );
  return [...new Set(named)].slice(0, maxViolations);
}

function convert(schema: QuestionSchema): JsonObject {
  if ((typeof schema === "object" || typeof schema === "function") && schema !== null && "~standard" in schema) {
    const { jsonSchema } = (schema as Partial<ConvertibleSchema>)["~standard"] ?? {};
    if (typeof jsonSchema?.input !== "function") {
      throw new Error("its library cannot say it as JSON Schema by itself: convert it first");
    }
    return { ...jsonSchema.input({ target: "draft-2020-12" }) };
  }
  if (!isJsonObject(schema)) throw new Error("expected a JSON Schema object");
  return schema;
}

/** What would fail, or be read otherwise than meant, once somebody answers. */
function schemaFault(schema: unknown, where: string): string | undefined {
  if (typeof schema === "boolean") return undefined;
  if (!isJsonObject(schema)) return `${where} is not a schema`;
  for (const [keyword, value] of Object.entries(schema)) {
    if (dataKeywords.has(keyword)) continue;
    const fault = keywordFault(keyword, value, `${where}/${keyword}`);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function keywordFault(keyword: string, value: unknown, where: string): string | undefined {
  if (keyword === "$schema" && !(typeof value === "string" && dialect.test(value))) {
    return `${where} is not JSON Schema 2020-12, https://json-schema.org/draft/2020-12/schema`;
  }
  if (/^\$(?:ref|dynamicRef|recursiveRef)$/u.test(keyword)) {
    const isLocal = typeof value === "string" && value.startsWith("#");
    return isLocal
      ? undefined
      : `${where} leads elsewhere; only references within the schema, such as #/$defs/a, are followed`;
  }
  if (keyword === "type") {
    const isType = [value].flat().every((type) => typeof type === "string" && types.has(type));
    return isType ? undefined : `${where}: expected one of ${[...types].join(", ")}, or a list of them`;
  }
  if (keyword === "pattern") return patternFault(value, where);
  if (keyword === "required") {
    const isNames = Array.isArray(value) && value.every((name) => typeof name === "string");
    return isNames ? undefined : `${where}: expected a list of names`;
  }
  if (/^(?:min|max|multiple)/u.test(keyword) && !isJsonNumber(value)) return `${where}: expected a number`;
  if (mapKeywords.has(keyword)) {
    if (!isJsonObject(value)) return `${where}: expected an object of schemas`;
    for (const [name, item] of Object.entries(value)) {
      const fault =
        (keyword === "patternProperties" ? patternFault(name, where) : undefined) ??
        schemaFault(item, `${where}/${name}`);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const fault = isJsonObject(item) ? schemaFault(item, `${where}/${index}`) : undefined;
      if (fault !== undefined) return fault;
    }
  }
  return isJsonObject(value) ? schemaFault(value, where) : undefined;
}

function patternFault(pattern: unknown, where: string): string | undefined {
  try {
    if (typeof pattern !== "string") return `${where}: expected a pattern`;
    // eslint-disable-next-line no-new
    new RegExp(pattern, "u");
    return undefined;
  } catch {
    return `${where} is not a regular expression`;
  }
}

function isTimeout(error: unknown): boolean {
  return (
    typeof error === "object" && error !== null && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT"
  );
}

function faultOf(error: unknown): string {
  const { message } = error as Error;
  const reference = /^Unresolved \$ref "([^"]*)"/u.exec(message)?.[1];
  if (reference !== undefined) return `$ref ${JSON.stringify(reference)} leads nowhere`;
  return /call stack/u.test(message) ? "it refers to itself without end" : message;
}

/** `#/b/1` as `b/1: `; nothing for the whole. */
function pathOf(location: string): string {
  const path = location.replace(/^#\/?/u, "");
  return path === "" ? "" : `${path}: `;
}
