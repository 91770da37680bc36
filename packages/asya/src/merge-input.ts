import type { JsonObject } from "@holdpoint/core";
import { isJsonObject, isNestedDeeper } from "@holdpoint/core/json";

import { maxMergedLevels } from "./message-nesting.ts";
import { LedgerError } from "./ledger-error.ts";
import type { PauseMetadata } from "./pause-metadata.ts";
import { payloadPath } from "./pause-metadata.ts";

/** How input is merged where it meets an object: replace it (`shallow`), or go into it (`deep`). Arrays are replaced. */
export type MergeMode = "shallow" | "deep";

// Gateways add their protocol's bookkeeping to the input under this name; the payload has its own.
export const gatewayBookkeeping = "a2a";

/** A payload with a person's input in it. */
export interface MergedInput {
  readonly payload: JsonObject;
  /** Names in the input that no field declares, and that were left out. */
  readonly ignored: readonly string[];
}

/**
 * Merges a person's input into a stored payload. Where the metadata declares fields, each value lands at its
 * `payload_key`, and nothing else is taken; where it declares none, the whole input is merged at the payload's root.
 * Neither argument is changed.
 *
 * @throws {LedgerError} `invalid-input` if a field's path leads through something that is not an object, if the input
 * holds the name `__proto__`, or if the result would be nested too deep
 */
export function mergeInput(
  payload: JsonObject,
  input: JsonObject,
  metadata: PauseMetadata,
  mode: MergeMode = "shallow",
): MergedInput {
  refusePrototype(input, "input");
  const merged =
    metadata.fields.length === 0 ? mergeRoot(payload, input, mode) : mergeFields(payload, input, metadata, mode);
  if (isNestedDeeper(merged.payload, maxMergedLevels)) throw tooDeep();
  return merged;
}

function mergeRoot(payload: JsonObject, input: JsonObject, mode: MergeMode): MergedInput {
  return { payload: mergeObjects(payload, withoutBookkeeping(input), mode), ignored: [] };
}

function withoutBookkeeping(input: JsonObject): JsonObject {
  if (!Object.hasOwn(input, gatewayBookkeeping)) return input;
  const { [gatewayBookkeeping]: _bookkeeping, ...rest } = input;
  return rest;
}

function mergeFields(payload: JsonObject, input: JsonObject, { fields }: PauseMetadata, mode: MergeMode): MergedInput {
  let merged = payload;
  for (const field of fields) {
    if (!Object.hasOwn(input, field.name)) continue;
    const path = payloadPath(field);
    if (path.length > maxMergedLevels) throw tooDeep();
    merged = placeAt(merged, path, input[field.name], mode, []);
  }
  const declared = new Set([...fields.map((field) => field.name), gatewayBookkeeping]);
  return { payload: merged, ignored: Object.keys(input).filter((name) => !declared.has(name)) };
}

function tooDeep(): LedgerError {
  return new LedgerError(
    "invalid-input",
    `The input cannot be merged: the payload would be nested more than ${maxMergedLevels} levels deep. Change the field's payload_key, or answer with less.`,
  );
}

function mergeObjects(target: JsonObject, source: JsonObject, mode: MergeMode): JsonObject {
  if (mode === "shallow") return { ...target, ...source };
  let merged = target;
  for (const [name, value] of Object.entries(source)) merged = placeAt(merged, [name], value, mode, []);
  return merged;
}

function placeAt(
  target: JsonObject,
  path: readonly string[],
  value: unknown,
  mode: MergeMode,
  walked: readonly string[],
): JsonObject {
  const [name = "", ...rest] = path;
  // Only what the object itself holds: an inherited `constructor` or `toString` is not the payload's.
  const present = Object.hasOwn(target, name) ? target[name] : undefined;
  if (rest.length > 0) {
    const at = [...walked, name];
    if (present !== undefined && present !== null && !isJsonObject(present)) {
      throw new LedgerError(
        "invalid-input",
        `The input cannot be placed at /${[...at, ...rest].join("/")}: the stored payload already has ${Array.isArray(present) ? "an array" : `a ${typeof present}`} at /${at.join("/")}. Change the field's payload_key.`,
      );
    }
    return { ...target, [name]: placeAt(isJsonObject(present) ? present : {}, rest, value, mode, at) };
  }
  if (mode === "deep" && isJsonObject(present) && isJsonObject(value)) {
    return { ...target, [name]: mergeObjects(present, value, mode) };
  }
  return { ...target, [name]: value };
}

// It would be stored as harmless data here, but the next actor's merge may be less careful.
function refusePrototype(value: unknown, path: string): void {
  if (Array.isArray(value)) value.forEach((item, index) => refusePrototype(item, `${path}[${index}]`));
  else if (isJsonObject(value)) {
    if (Object.hasOwn(value, "__proto__")) {
      throw new LedgerError("invalid-input", `${path} has a property named __proto__, which is refused. Rename it.`);
    }
    for (const name of Object.keys(value)) {
      const item = value[name];
      if (typeof item === "object") refusePrototype(item, `${path}.${name}`);
    }
  }
}
