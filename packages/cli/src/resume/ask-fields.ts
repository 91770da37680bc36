import { confirm, log, multiselect, select, text } from "@clack/prompts";
import type { PauseField } from "@holdpoint/asya";
import type { JsonObject } from "@holdpoint/core";
import { parseLosslessJson } from "@holdpoint/core";
import { isJsonObject, isSameJson } from "@holdpoint/core/json";

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

/** One value that is asked for: a field of the asker, or a property of a schema. */
export interface AskedField {
  readonly name: string;
  readonly type: PauseField["type"] | "any value";
  readonly prompt?: unknown;
  /** @default true */
  readonly required?: boolean | undefined;
  /** What it is where nothing is given; `undefined` where it is left out then. */
  readonly whenEmpty?: null | undefined;
  readonly default?: unknown;
  readonly options?: unknown;
  /** What people see of the options, where that is said. */
  readonly labels?: readonly unknown[] | undefined;
  /** What is wrong with an answer, besides its type. */
  readonly faultsOf?: (answer: unknown) => Promise<readonly string[]>;
}

/**
 * Asks at the terminal for every field that has no value yet, and again where an answer does not fit. What is optional
 * may be left out.
 */
export async function askFields(
  context: CommandContext,
  fields: readonly AskedField[],
  given: JsonObject,
): Promise<JsonObject> {
  const answers = new Map(Object.entries(given));
  for (const field of fields) {
    if (answers.has(field.name)) continue;
    const answer = await askUntilItFits<unknown>(
      context,
      async (said = field.default) => await askField(context, { ...field, default: said }),
      async (said) => (said === leaveOut ? [] : ((await field.faultsOf?.(said)) ?? [])),
    );
    const value = answer === leaveOut ? field.whenEmpty : answer;
    if (value !== undefined) answers.set(field.name, value);
  }
  return Object.fromEntries(answers);
}

/** The same fields, which begin with what was said before. */
export function beginningWith(fields: readonly AskedField[], said: unknown): readonly AskedField[] {
  if (!isJsonObject(said)) return fields;
  return fields.map((field) => (Object.hasOwn(said, field.name) ? { ...field, default: said[field.name] } : field));
}

/**
 * Asks until an answer fits, and says each time what is wrong with it.
 *
 * @param ask begins with what was said before
 */
export async function askUntilItFits<Answer>(
  { messages }: CommandContext,
  ask: (said: Answer | undefined) => Promise<Answer>,
  faultsOf: (answer: Answer) => Promise<readonly string[]>,
): Promise<Answer> {
  let said: Answer | undefined;
  for (;;) {
    said = await ask(said);
    const faults = await faultsOf(said);
    if (faults.length === 0) return said;
    for (const fault of faults) log.error(escapeControls(fault), { output: messages.stream });
  }
}

async function askField(context: CommandContext, field: AskedField): Promise<unknown> {
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
      ...(choices ?? [true, false].map((value) => choiceOf(value))),
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

function choicesOf({ options, labels = [] }: AskedField) {
  // Another program may have stored anything here.
  if (!Array.isArray(options) || options.length === 0) return undefined;
  return options.map((value, index) => choiceOf(value, labels[index]));
}

function choiceOf(value: unknown, label?: unknown): { readonly value: unknown; readonly label: string } {
  return { value, label: typeof label === "string" ? escapeControls(label) : escapeValue(value) };
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
