import type { PauseField, PauseMetadata } from "@holdpoint/asya";
import type { JsonObject } from "@holdpoint/core";
import { isJsonObject } from "@holdpoint/core/json";

import type { CommandContext } from "../frame/command-context.ts";
import { CommandError } from "../frame/command-error.ts";
import { exitCodes } from "../frame/exit-code.ts";
import { readGivenJson } from "../frame/read-given-file.ts";
import { jsonOrText, readBySchema } from "./read-by-schema.ts";

/** What the command line says of a person's input. */
export interface InputChoice {
  readonly field?: readonly string[] | undefined;
  readonly input?: string | undefined;
}

/**
 * The input that is given by file, where one is.
 *
 * @throws {CommandError} if it cannot be read or is no JSON object
 */
export async function readInputFile(context: CommandContext, { input }: InputChoice): Promise<JsonObject> {
  if (input === undefined) return {};
  const value = await readGivenJson(context, input, "input");
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const name = input === "-" ? "standard input" : JSON.stringify(input);
    const expected = 'is not a JSON object such as {"approved":true}';
    throw new CommandError(exitCodes.usage, `The input from ${name} ${expected}.`);
  }
  return value as JsonObject;
}

/**
 * The input that `--field` gives, each value read as its field's type says, or else the schema. One that cannot be read
 * so stays a text, which the check of the whole input then names among all that is wrong.
 *
 * @throws {CommandError} if a field is given twice
 */
export function readFields({ field = [] }: InputChoice, metadata: PauseMetadata | undefined): JsonObject {
  const values = new Map<string, unknown>();
  const { fields = [], schema } = metadata ?? {};
  // Another program may have stored anything as the schema.
  const isBySchema = fields.length === 0 && isJsonObject(schema);
  for (const given of field) {
    const at = given.indexOf("=");
    const name = given.slice(0, at);
    const text = given.slice(at + 1);
    if (values.has(name)) throw new CommandError(exitCodes.usage, `--field ${name} is given twice.`);
    const type = fields.find((each) => each.name === name)?.type;
    values.set(name, isBySchema ? readBySchema(text, schema, name) : valueOf(text, type));
  }
  return Object.fromEntries(values);
}

function valueOf(given: string, type: PauseField["type"] | undefined): unknown {
  switch (type) {
    case "boolean":
    case "number":
    case "array":
    case "object":
      return jsonOrText(given);
    case "string":
    case undefined:
      return given;
  }
}
