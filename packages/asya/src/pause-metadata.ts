import type { JsonObject } from "@holdpoint/core";
import { isJsonObject } from "@holdpoint/core/json";

import type { FieldType } from "./field-type.ts";

/** One input that a person is asked for. Properties beyond these are kept and handed to the user interface. */
export interface PauseField {
  /** The key of the value in the person's input. */
  readonly name: string;
  readonly type: FieldType;
  /** The label that a person sees. */
  readonly prompt?: string | undefined;
  /** Where the value lands in the payload: names separated by `/`. @default `/<name>` */
  readonly payload_key?: string | undefined;
  /** A hint to the user interface, enforced only by strict validation. @default true */
  readonly required?: boolean | undefined;
  /** A hint to the user interface, applied only by strict validation. @default null (none) */
  readonly default?: unknown;
  /** The choices of a multiple-choice input. */
  readonly options?: readonly unknown[] | undefined;
  readonly [property: string]: unknown;
}

/** One of the ways in which a person can decide. */
export interface PauseDecision {
  readonly name: string;
  /** What a person sees. @default the name */
  readonly label?: string | undefined;
  /** Whether it approves. Known for `approve`, `edit` (yes), `reject` and `respond` (no). */
  readonly approving?: boolean | undefined;
  readonly [property: string]: unknown;
}

/** What a pause point expects of a person. Properties beyond these are kept and handed to the user interface. */
export interface PauseMetadata {
  readonly prompt: string;
  readonly fields: readonly PauseField[];
  /**
   * A JSON Schema (2020-12) that the whole input must fit. A hint to the user interface, enforced only by strict
   * validation. @default none
   */
  readonly schema?: JsonObject | undefined;
  /**
   * The ways in which a person can decide, by their names or as objects. They are asked for as a field `decision` with
   * these choices, which comes first. @default none
   */
  readonly decisions?: readonly (string | PauseDecision)[] | undefined;
  /** For how long the task waits, in seconds. @default for ever */
  readonly expires_in?: number | undefined;
  /** What happens then: `cancel`, or the input of an answer, which is sent as a resume message. @default "cancel" */
  readonly on_expiry?: "cancel" | JsonObject | undefined;
  /** Names the decision of `on_expiry` once more, where it approves. @default none */
  readonly allow_on_expiry?: string | undefined;
  readonly [property: string]: unknown;
}

/** What is asked where nothing is configured. */
export const defaultPauseMetadata: PauseMetadata = { prompt: "Task paused", fields: [] };

/**
 * Reads the metadata of a stored document, which another program may have written: what is not usable is left out, so
 * that the task can still be resumed.
 */
export function readStoredMetadata(value: unknown): PauseMetadata {
  if (!isJsonObject(value)) return defaultPauseMetadata;
  const prompt = typeof value["prompt"] === "string" ? value["prompt"] : defaultPauseMetadata.prompt;
  const fields = Array.isArray(value["fields"]) ? value["fields"].filter(isStoredField) : [];
  return { ...value, prompt, fields };
}

function isStoredField(value: unknown): value is PauseField {
  if (!isJsonObject(value) || typeof value["name"] !== "string" || value["name"] === "__proto__") return false;
  return !payloadPath(value as PauseField).includes("__proto__");
}

/** The names that lead to where a field's value lands in the payload. */
export function payloadPath(field: PauseField): readonly string[] {
  return typeof field.payload_key === "string" && field.payload_key !== ""
    ? payloadPathOf(field.payload_key)
    : [field.name];
}

/** The names in a `payload_key`. */
export function payloadPathOf(key: string): readonly string[] {
  return key.replace(/^\//u, "").split("/");
}
