import { describeJsonError, parseLosslessJson } from "@holdpoint/core/json";
import type { JsonObject } from "@holdpoint/core/json";

import type { FormControl } from "./form-control.ts";

/** What a person put in. */
export interface ReadForm {
  /** The values by name, or the one value. */
  readonly value: unknown;
  /** What is wrong with an input, by its control's place. */
  readonly problems: ReadonlyMap<number, string>;
}

/** The name of a control's input in the form. An asker's own name could be any text. */
export function inputName(index: number): string {
  return `value-${index}`;
}

/** The values of a form. What was left empty is left out, unless its control says otherwise. */
export function readControls(controls: readonly FormControl[], form: URLSearchParams): ReadForm {
  const problems = new Map<number, string>();
  const values: (readonly [string, unknown])[] = [];
  let single: unknown;
  for (const [index, control] of controls.entries()) {
    const given = form.getAll(inputName(index));
    const read = readControl(control, given);
    if ("problem" in read) {
      problems.set(index, read.problem);
      continue;
    }
    const value = read.value === undefined ? control.whenEmpty : read.value;
    if (value === undefined && control.required) problems.set(index, "This is needed.");
    else if (control.name === undefined) single = value;
    else if (value !== undefined) values.push([control.name, value]);
  }
  const isSingle = controls.length === 1 && controls[0]?.name === undefined;
  // An object made of entries has no name that could reach a prototype.
  const value: JsonObject = Object.fromEntries(values);
  return { value: isSingle ? single : value, problems };
}

type Read = { readonly value: unknown } | { readonly problem: string };

function readControl({ shape }: FormControl, given: readonly string[]): Read {
  const text = given[0] ?? "";
  switch (shape.kind) {
    case "text":
      // Browsers send line breaks as CR LF, whatever was typed.
      return { value: text === "" ? undefined : textValue(text.replaceAll("\r\n", "\n"), shape.type) };
    case "number":
      return readNumber(text.trim(), shape.isWhole);
    case "boolean":
      return { value: text === "" ? undefined : text === "yes" };
    case "choice":
      return { value: text === "" ? undefined : shape.choices[Number(text)]?.value };
    case "choices":
      // A list of several is empty rather than missing.
      return {
        value: given.map((index) => shape.choices[Number(index)]?.value).filter((value) => value !== undefined),
      };
    case "json":
      return readJson(text);
  }
}

function readNumber(text: string, isWhole: boolean): Read {
  if (text === "") return { value: undefined };
  try {
    const value = parseLosslessJson(text);
    if (/^-?\d/u.test(text)) return { value };
  } catch {
    // Said below.
  }
  return { problem: isWhole ? "Give a whole number, such as 5." : "Give a number, such as 5 or 0.5." };
}

function readJson(text: string): Read {
  if (text.trim() === "") return { value: undefined };
  try {
    return { value: parseLosslessJson(text) };
  } catch (error) {
    return { problem: `This is not JSON yet: ${describeJsonError(text, error)}.` };
  }
}

/** A time as its browser's input gives it is without a zone; it is meant, and labelled, as UTC. */
function textValue(text: string, type: string): string {
  return type === "datetime" && /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?$/u.test(text)
    ? `${text.length === "2026-11-29T12:00".length ? `${text}:00` : text}Z`
    : text;
}
