import { askedSchema, schemaChoices } from "@holdpoint/core/holds";
import type { AskedSchema } from "@holdpoint/core/holds";
import { isJsonNumber, isJsonObject } from "@holdpoint/core/json";
import type { JsonObject } from "@holdpoint/core/json";

import type { Choice, ControlShape, FormControl } from "./form-control.ts";

/** A field as `fields` of a hold or of a task declare it. */
export interface DeclaredField {
  readonly name: string;
  readonly type: string;
  readonly prompt?: unknown;
  readonly required?: unknown;
  readonly default?: unknown;
  readonly options?: unknown;
}

/** More than that is edited as JSON: nobody fills in a form of that length. */
const maxControls = 100;
/** The longest text that stands in one line. */
const oneLineCharacters = 80;

const formats: Readonly<Record<string, "email" | "url" | "date" | "datetime">> = {
  email: "email",
  uri: "url",
  date: "date",
  "date-time": "datetime",
};

/** The inputs for declared fields. */
export function controlsOfFields(fields: readonly DeclaredField[]): readonly FormControl[] {
  if (fields.length > maxControls) return [wholeControl(undefined)];
  return fields.map(({ name, type, prompt, required, default: initial, options }) => ({
    name,
    label: typeof prompt === "string" && prompt !== "" ? prompt : name,
    hint: undefined,
    required: required !== false,
    shape: fieldShape(type, options),
    initial: initial ?? undefined,
  }));
}

/**
 * The inputs for what a schema describes: one for each property of a flat object, or one for the whole.
 *
 * @param current what the form begins with; else the schema's defaults
 */
export function controlsOfSchema(whole: JsonObject | undefined, current?: unknown): readonly FormControl[] {
  if (whole === undefined) return [wholeControl(current)];
  const asked = askedSchema(whole);
  const { properties, required: needed, default: initial } = asked.schema;
  if (!isJsonObject(properties)) {
    const label = textOf(asked.schema["title"]) ?? "Value";
    return [valueControl(asked, { name: undefined, label, isNeeded: true, initial: current ?? initial })];
  }
  const names = Object.keys(properties);
  // A property that has no input would be lost, and so would whatever the content has beyond its schema.
  const covers =
    current === undefined || (isJsonObject(current) && Object.keys(current).every((name) => names.includes(name)));
  if (names.length === 0 || names.length > maxControls || !covers) return [wholeControl(current ?? initial)];
  const required = Array.isArray(needed) ? (needed as readonly unknown[]) : [];
  const values = isJsonObject(current) ? current : undefined;
  return names.map((name) => {
    const property = askedSchema(whole, properties[name]);
    const label = textOf(property.schema["title"]) ?? name;
    const begins = values === undefined ? property.schema["default"] : values[name];
    return valueControl(property, { name, label, isNeeded: required.includes(name), initial: begins });
  });
}

function valueControl(
  { schema, isNullable }: AskedSchema,
  { isNeeded, ...value }: Pick<FormControl, "name" | "label" | "initial"> & { readonly isNeeded: boolean },
): FormControl {
  const { initial } = value;
  const shape = shapeOf(schema, initial);
  // What a form begins with, it gives back where nobody touches it.
  const isEmptyText = shape.kind === "text" && initial === "";
  const whenEmpty = isEmptyText ? "" : isNullable && (isNeeded || initial === null) ? null : undefined;
  const required = isNeeded && whenEmpty === undefined;
  return { ...value, hint: textOf(schema["description"]), required, whenEmpty, shape };
}

function wholeControl(initial: unknown): FormControl {
  return { name: undefined, label: "Value", hint: undefined, required: true, shape: { kind: "json" }, initial };
}

function fieldShape(type: string, options: unknown): ControlShape {
  if (Array.isArray(options) && options.length > 0) {
    return { kind: type === "array" ? "choices" : "choice", choices: options.map((value) => choiceOf(value)) };
  }
  if (type === "string") return { kind: "text", type: "text", isLong: true };
  if (type === "number") return { kind: "number", isWhole: false };
  return type === "boolean" ? { kind: "boolean" } : { kind: "json" };
}

function shapeOf(schema: JsonObject, current: unknown): ControlShape {
  const choices = choicesOf(schema);
  if (choices !== undefined) return { kind: "choice", choices };
  switch (schema["type"]) {
    case "string":
      return textShape(schema, current);
    case "number":
    case "integer":
      return { kind: "number", isWhole: schema["type"] === "integer" };
    case "boolean":
      return { kind: "boolean" };
    case "array": {
      const several = isJsonObject(schema["items"]) ? choicesOf(schema["items"]) : undefined;
      return several === undefined ? { kind: "json" } : { kind: "choices", choices: several };
    }
    default:
      return { kind: "json" };
  }
}

function textShape(schema: JsonObject, current: unknown): ControlShape {
  const format = formats[String(schema["format"])];
  if (format !== undefined && (current === undefined || typeof current === "string")) {
    return { kind: "text", type: format, isLong: false };
  }
  const { maxLength } = schema;
  const isLong = !(isJsonNumber(maxLength) && Number(JSON.stringify(maxLength)) <= oneLineCharacters);
  return { kind: "text", type: "text", isLong };
}

function choicesOf(schema: JsonObject): readonly Choice[] | undefined {
  return schemaChoices(schema)?.map(({ value, label }) => choiceOf(value, label));
}

function choiceOf(value: unknown, label?: unknown): Choice {
  return { value, label: textOf(label) ?? (typeof value === "string" ? value : JSON.stringify(value)) };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
