import { confirm, multiselect, select, text } from "@clack/prompts";
import type { PauseField } from "@holdpoint/asya";
import type { JsonObject } from "@holdpoint/core";
import { parseLosslessJson } from "@holdpoint/core";
import { isSameJson } from "@holdpoint/core/json";

import { answerOf, promptStreams } from "../frame/ask.ts";
import type { CommandContext } from "../frame/command-context.ts";
import { escapeControls, escapeValue } from "../frame/escape-controls.ts";
import { typedJsonProblem } from "../frame/typed-json-problem.ts";

const leaveOut = Symbol("no answer");
const example: Readonly<Partial<Record<string, string>>> = {
  number: "42",
  array: "[1, 2]",
  object: '{"key": "value"}',
};

/** Asks at the terminal for every field that has no value yet. What is optional may be left out. */
export async function askFields(
  context: CommandContext,
  fields: readonly PauseField[],
  given: JsonObject,
): Promise<JsonObject> {
  const answers = new Map(Object.entries(given));
  for (const field of fields) {
    if (answers.has(field.name)) continue;
    const answer = await askField(context, field);
    if (answer !== leaveOut) answers.set(field.name, answer);
  }
  return Object.fromEntries(answers);
}

async function askField(context: CommandContext, field: PauseField): Promise<unknown> {
  const { name, prompt, type, default: initial, required = true } = field;
  const streams = promptStreams(context);
  // Whoever started the task chose these words.
  const asked = escapeControls(typeof prompt === "string" && prompt !== "" ? prompt : name);
  const message = required ? asked : `${asked} (optional)`;
  const choices = choicesOf(field);
  if (type === "array" && choices !== undefined) {
    const defaults: readonly unknown[] = Array.isArray(initial) ? initial : [];
    const initialValues = choices.map(({ value }) => value).filter((value) => isAmong(defaults, value));
    return answerOf(await multiselect<unknown>({ ...streams, message, options: choices, initialValues, required }));
  }
  if (choices !== undefined || (type === "boolean" && !required)) {
    const options = [
      ...(choices ?? [true, false].map(choiceOf)),
      ...(required ? [] : [{ value: leaveOut, label: "(no answer)" }]),
    ];
    // Without one, the first would be chosen by a mere Enter; so what may be left out is, unless it has a default.
    const chosen = options.find(({ value }) => initial !== null && isAmong([initial], value));
    const initialValue = chosen === undefined && !required ? leaveOut : chosen?.value;
    return answerOf(await select<unknown>({ ...streams, message, options, initialValue }));
  }
  if (type === "boolean") return answerOf(await confirm({ ...streams, message, initialValue: initial !== false }));
  const isText = type === "string";
  const prefilled = initial === undefined || initial === null ? "" : isText ? initial : JSON.stringify(initial);
  const answer = answerOf(
    await text({
      ...streams,
      message: isText ? message : `${message} [${escapeValue(type)}, as JSON]`,
      // What would have to be escaped cannot be edited here either.
      initialValue: typeof prefilled === "string" && escapeControls(prefilled) === prefilled ? prefilled : "",
      placeholder: example[type] ?? "",
      validate: (value = "") => fieldProblem(value, type, required),
    }),
  );
  if (answer === "" && !required) return leaveOut;
  return isText ? answer : parseLosslessJson(answer);
}

function isAmong(values: readonly unknown[], value: unknown): boolean {
  return value !== leaveOut && values.some((each) => isSameJson(each, value));
}

function choicesOf({ options }: PauseField) {
  // Another program may have stored anything here.
  return Array.isArray(options) && options.length > 0 ? options.map(choiceOf) : undefined;
}

function choiceOf(value: unknown): { readonly value: unknown; readonly label: string } {
  return { value, label: escapeValue(value) };
}

function fieldProblem(value: string, type: string, required: boolean): string | undefined {
  if (value === "") return required ? "An answer is required." : undefined;
  if (type === "string") return undefined;
  const problem = typedJsonProblem(value);
  if (problem !== undefined) return problem;
  const shown = value.trim();
  if (type === "number") return /^[-\d]/u.test(shown) ? undefined : "Expected a number.";
  if (type === "array") return shown.startsWith("[") ? undefined : "Expected a list such as [1, 2].";
  if (type === "object") return shown.startsWith("{") ? undefined : 'Expected an object such as {"key": "value"}.';
  return undefined;
}
