import type { JsonObject } from "@holdpoint/core";
import { describeJsonError, exactJson, isJsonObject, isNestedDeeper, parseLosslessJson } from "@holdpoint/core/json";
import * as v from "valibot";

import { fieldTypes, isOfFieldType } from "./field-type.ts";
import { maxMessageLevels } from "./message-nesting.ts";
import { decisionsSchema, decisionViolations, withDecisionField } from "./pause-decisions.ts";
import { expiryEntries, expiryViolations } from "./pause-expiry.ts";
import type { PauseMetadata } from "./pause-metadata.ts";
import { defaultPauseMetadata, payloadPathOf } from "./pause-metadata.ts";

// A path through these would walk into an object's prototype in any program that is less careful than this one.
const reservedNames = new Set(["__proto__", "constructor", "prototype"]);

const payloadKey = v.pipe(
  v.string("expected a path such as /review/notes"),
  v.check(
    (path) => payloadPathOf(path).every((name) => name !== ""),
    "expected a path such as /review/notes, with no empty name in it",
  ),
  v.check(
    (path) => !payloadPathOf(path).some((name) => reservedNames.has(name)),
    "expected a path without __proto__, constructor and prototype",
  ),
);

const fieldSchema = v.looseObject({
  name: v.pipe(
    v.string("expected the field's name"),
    v.nonEmpty("expected a name that is not empty"),
    v.check((name) => !reservedNames.has(name), "expected a name other than __proto__, constructor and prototype"),
  ),
  type: v.picklist(fieldTypes, `expected one of ${fieldTypes.join(", ")}`),
  prompt: v.optional(v.string("expected text")),
  payload_key: v.optional(payloadKey),
  required: v.optional(v.boolean("expected true or false")),
  options: v.optional(
    v.pipe(v.array(v.unknown(), "expected a list of choices"), v.minLength(1, "expected at least one choice")),
  ),
});

const metadataSchema = v.looseObject({
  prompt: v.optional(v.string("expected text"), defaultPauseMetadata.prompt),
  fields: v.optional(
    v.pipe(
      v.array(fieldSchema, "expected a list of fields"),
      v.check(
        (fields) => new Set(fields.map((field) => field.name)).size === fields.length,
        "expected names that differ from one another",
      ),
    ),
    [],
  ),
  schema: v.optional(v.custom<JsonObject>(isJsonObject, "expected a JSON Schema object")),
  decisions: v.optional(decisionsSchema),
  ...expiryEntries,
});

/**
 * Reads pause metadata, as in `ASYA_PAUSE_METADATA`.
 *
 * @example
 * ```ts
 * const metadata = parsePauseMetadata('{"prompt":"Approve?","fields":[{"name":"approved","type":"boolean"}]}');
 * ```
 * @throws {Error} with every violation in its message, one a line
 */
export function parsePauseMetadata(source: string | object): PauseMetadata {
  let value: unknown = source;
  if (typeof source === "string") {
    try {
      value = parseLosslessJson(source);
    } catch (error) {
      throw new Error(`the pause metadata is not JSON: ${describeJsonError(source, error)}`, { cause: error });
    }
  }
  if (!isJsonObject(value)) throw new Error("the pause metadata: expected a JSON object with prompt and fields");
  if (isNestedDeeper(value, maxMessageLevels)) {
    throw new Error(`the pause metadata is nested more than ${maxMessageLevels} levels deep`);
  }
  const problems: string[] = [];
  value = exactJson(value, "the pause metadata", (problem) => problems.push(`${problem}, which JSON cannot hold`));
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const result = v.safeParse(metadataSchema, value);
  const violations = [
    ...(result.issues ?? []).map((issue) => `${v.getDotPath(issue) ?? "the pause metadata"}: ${issue.message}`),
    ...otherTypes(value),
    ...(result.success ? [...decisionViolations(result.output), ...expiryViolations(result.output)] : []),
  ];
  if (result.success && violations.length === 0) return withDecisionField(result.output);
  throw new Error(violations.join("\n"));
}

/** Defaults and options that no answer of the field's type could be. */
function otherTypes(metadata: unknown): readonly string[] {
  const fields = isJsonObject(metadata) ? metadata["fields"] : undefined;
  if (!Array.isArray(fields)) return [];
  return fields.flatMap((field: unknown, index) => {
    if (!isJsonObject(field) || !fieldTypes.some((type) => type === field["type"])) return [];
    const { type, default: initial, options, required } = field;
    const expected = `expected a value of the field's type, which is ${String(type)}`;
    const isFitting = (value: unknown): boolean => isOfFieldType(value, type);
    const found = initial === undefined || initial === null || isFitting(initial) ? [] : ["default"];
    // Of a multiple choice the type is that of all choices together, and null is an answer to what is optional.
    const choices: readonly unknown[] = Array.isArray(options) && type !== "array" ? options : [];
    const others = choices.flatMap((choice, place) =>
      isFitting(choice) || (choice === null && required === false) ? [] : [`options.${place}`],
    );
    return [...found, ...others].map((place) => `fields.${index}.${place}: ${expected}`);
  });
}
