import type { JsonObject } from "@holdpoint/core";
import { isJsonNumber, isSameJson } from "@holdpoint/core/json";

import { isOfFieldType } from "./field-type.ts";
import { LedgerError } from "./ledger-error.ts";
import type { PauseField, PauseMetadata } from "./pause-metadata.ts";

/**
 * Checks a person's input against the declared fields and returns it with their defaults applied.
 *
 * @throws {LedgerError} `invalid-input` with every violation in its message
 */
export function validateInput(input: JsonObject, metadata: PauseMetadata): JsonObject {
  const complete: Record<string, unknown> = { ...input };
  const violations: string[] = [];
  for (const field of metadata.fields) {
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
  if (metadata.fields.length > 0) {
    const declared = new Set([...metadata.fields.map((field) => field.name), "a2a"]);
    for (const name of Object.keys(input)) {
      if (!declared.has(name))
        violations.push(`${name} is not one of the fields ${metadata.fields.map((field) => field.name).join(", ")}`);
    }
  }
  if (violations.length === 0) return complete;
  throw new LedgerError(
    "invalid-input",
    `The input does not fit what was asked: ${violations.join("; ")}. The task stays paused.`,
  );
}

function valueViolation(value: unknown, field: PauseField): string | undefined {
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
