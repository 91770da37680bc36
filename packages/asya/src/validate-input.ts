import type { JsonObject } from "@holdpoint/core";
import { validateAgainst } from "@holdpoint/core/holds";
import { isJsonNumber, isJsonObject, isSameJson } from "@holdpoint/core/json";

import { isOfFieldType } from "./field-type.ts";
import { LedgerError } from "./ledger-error.ts";
import { gatewayBookkeeping as bookkeeping } from "./merge-input.ts";
import type { PauseField, PauseMetadata } from "./pause-metadata.ts";

/** An input with the fields' defaults, and what of it does not fit. */
export interface CheckedInput {
  readonly complete: JsonObject;
  readonly violations: readonly string[];
}

/**
 * Checks a person's input against the declared fields and the schema, and returns it with the fields' defaults applied.
 *
 * @throws {LedgerError} `invalid-input` with every violation in its message
 */
export async function validateInput(input: JsonObject, metadata: PauseMetadata): Promise<JsonObject> {
  const { complete, violations } = await checkInput(input, metadata);
  if (violations.length === 0) return complete;
  throw new LedgerError(
    "invalid-input",
    `The input does not fit what was asked: ${violations.join("; ")}. The task stays paused.`,
  );
}

/** The same, but says what does not fit instead of throwing. */
export async function checkInput(input: JsonObject, metadata: PauseMetadata): Promise<CheckedInput> {
  const { complete, violations } = checkFields(input, metadata);
  return { complete, violations: [...violations, ...(await schemaViolations(complete, metadata))] };
}

function checkFields(input: JsonObject, { fields }: PauseMetadata): CheckedInput {
  const complete: Record<string, unknown> = { ...input };
  const violations: string[] = [];
  for (const field of fields) {
    if (!Object.hasOwn(complete, field.name) && field.default !== undefined && field.default !== null) {
      complete[field.name] = field.default;
    }
    const violation = Object.hasOwn(complete, field.name)
      ? valueViolation(complete[field.name], field)
      : field.required === false
        ? undefined
        : "is required";
    if (violation !== undefined) violations.push(`${field.name} ${violation}`);
  }
  const names = fields.map((field) => field.name);
  const strangers =
    names.length === 0 ? [] : Object.keys(input).filter((name) => ![...names, bookkeeping].includes(name));
  violations.push(...strangers.map((name) => `${name} is not one of the fields ${names.join(", ")}`));
  return { complete, violations };
}

/** The faults by the schema, which another program's x-pause may have stored: then it may be anything. */
async function schemaViolations(
  { [bookkeeping]: _bookkeeping, ...input }: JsonObject,
  { schema }: PauseMetadata,
): Promise<readonly string[]> {
  if (!isJsonObject(schema)) return [];
  try {
    return await validateAgainst(schema, input);
  } catch (error) {
    return [`it cannot be checked by the schema (${(error as Error).message})`];
  }
}

/** What is wrong with a field's value, as the end of a sentence about it. */
export function valueViolation(value: unknown, field: PauseField): string | undefined {
  if (value === null && field.required === false) return undefined;
  if (!isOfFieldType(value, field.type)) {
    return `is ${typeName(value)}; expected ${typeof field.type === "string" ? field.type : JSON.stringify(field.type)}`;
  }
  // Another program's x-pause may have stored anything here.
  if (!Array.isArray(field.options)) return undefined;
  const { options } = field;
  const isChoice = (item: unknown): boolean => options.some((option) => isSameJson(option, item));
  // A multiple-choice field of type array holds several of the choices.
  const isChosen = isChoice(value) || (field.type === "array" && Array.isArray(value) && value.every(isChoice));
  return isChosen ? undefined : `is not one of ${options.map((option) => JSON.stringify(option)).join(", ")}`;
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return isJsonNumber(value) ? "a number" : `a ${typeof value}`;
}
