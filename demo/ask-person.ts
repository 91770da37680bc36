import { confirm, isCancel, multiselect, select, text } from "@clack/prompts";

import type { PauseField, PauseMetadata } from "@holdpoint/asya";
import type { JsonObject } from "@holdpoint/core";

/** Whether there is somebody to ask. */
export const hasTerminal: boolean = process.stdin.isTTY && process.stdout.isTTY;

/**
 * A person's answers to what the metadata asks: those given already, the rest asked at the terminal, or where there is
 * none the fields' defaults.
 */
export async function askPerson(metadata: PauseMetadata, given: JsonObject): Promise<JsonObject> {
  const answers: Record<string, unknown> = { ...given };
  for (const field of metadata.fields) {
    if (Object.hasOwn(answers, field.name)) continue;
    const value = hasTerminal ? await askField(field) : defaultAnswer(field);
    if (value !== undefined) answers[field.name] = value;
  }
  return answers;
}

function defaultAnswer({ default: value, options, type, required }: PauseField): unknown {
  if (value !== undefined && value !== null) return value;
  if (required === false) return undefined;
  if (options !== undefined) return type === "array" ? [options[0]] : options[0];
  return { string: "", boolean: true, number: 0, array: [], object: {} }[type];
}

async function askField(field: PauseField): Promise<unknown> {
  const message = field.prompt ?? field.name;
  const answer = await askByType(field, message);
  if (isCancel(answer)) throw new Error("No answer was given; the task stays paused.");
  return answer === "" ? undefined : answer;
}

async function askByType(field: PauseField, message: string): Promise<unknown> {
  const { type, options, default: initial, required = true } = field;
  if (options !== undefined) {
    const choices = options.map((value) => ({
      value,
      label: typeof value === "string" ? value : JSON.stringify(value),
    }));
    if (type === "array") return await multiselect({ message, options: choices, required });
    return await select({ message, options: choices });
  }
  if (type === "boolean") return await confirm({ message, initialValue: initial !== false });
  if (type === "string") {
    return await text({
      message,
      initialValue: typeof initial === "string" ? initial : "",
      validate: (value) => (required && (value ?? "") === "" ? "An answer is required." : undefined),
    });
  }
  const answer = await text({
    message: `${message} (${type}, as JSON)`,
    initialValue: initial === undefined || initial === null ? "" : JSON.stringify(initial),
    validate: (value) => jsonProblem(value ?? "", type, required),
  });
  return typeof answer === "string" && answer !== "" ? (JSON.parse(answer) as unknown) : answer;
}

function jsonProblem(value: string, type: string, required: boolean): string | undefined {
  if (value === "") return required ? "An answer is required." : undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    const found = Array.isArray(parsed) ? "array" : typeof parsed;
    return found === type && parsed !== null ? undefined : `Expected ${type}, not ${found}.`;
  } catch (error) {
    return (error as Error).message;
  }
}
