import type { PauseField, TaskDetails } from "@holdpoint/asya";
import type { SentAnswer } from "@holdpoint/asya/gateway";

import { describeTime } from "../frame/describe-time.ts";
import { escapeControls, escapeValue } from "../frame/escape-controls.ts";
import { describePerson } from "../frame/hold-person.ts";
import type { Output } from "../frame/output.ts";
import { indented, indentedJson } from "./indent.ts";

/**
 * One task on several lines, for a person. Nothing of what it holds acts on the terminal.
 *
 * @param sentAnswers who has handed answers to its gateway
 */
export function describeTask(
  task: TaskDetails,
  sentAnswers: readonly SentAnswer[],
  location: string,
  output: Output,
): string {
  const label = (text: string): string => output.style("bold", text);
  const lines = [
    `${label(escapeControls(task.taskId))}  ${stateOf(task)}`,
    `  ${label("kept as")}  ${escapeControls(task.key)} at ${escapeControls(location)}`,
    ...(task.displacedFrom === undefined ? [] : [`  ${label("was")}      ${displacedFrom(task.displacedFrom)}`]),
    `  ${label("paused")}   ${describeTime(task.pausedAt)}, pause point ${task.sequence}`,
    ...(task.expiresAt === undefined ? [] : [`  ${label("expires")}  ${expiryOf(task.expiresAt, task)}`]),
    ...sentAnswers.map((answer) => `  ${label("sent")}     ${describeSent(answer, task)}`),
    ...endOf(task).map((line) => `  ${line}`),
    `  ${label("asked")}    ${indented(task.prompt ?? "(not kept any more)", "           ")}`,
  ];
  if (task.state === "paused" && task.next?.length === 0) {
    lines.push(
      `  ${label("warning")}  Nothing follows: once it is answered, the task ends. Did an actor set its route to just x-pause?`,
    );
  }
  const fields = task.metadata?.fields ?? [];
  if (fields.length > 0) lines.push(`  ${label("fields")}`, ...fields.map((field) => `    ${describeField(field)}`));
  const schema = task.metadata?.schema;
  if (schema !== undefined) lines.push(`  ${label("schema")}`, indentedJson(schema));
  if (task.history.length > 0) lines.push(`  ${label("history")}`, ...task.history.map(describePast));
  if (task.input !== undefined) lines.push(`  ${label("answer")}`, indentedJson(task.input));
  if (task.message !== undefined) {
    const { route, headers, payload } = task.message;
    lines.push(`  ${label("route")}    ${json(route)}`);
    lines.push(`  ${label("headers")}`, indentedJson(headers), `  ${label("payload")}`, indentedJson(payload));
  }
  return `${lines.join("\n")}\n`;
}

function stateOf({ state, endedAt, endedBy, reason }: TaskDetails): string {
  if (state === "paused") return "waits for an answer";
  const why = reason === undefined ? "" : `: ${escapeControls(reason)}`;
  return `${state} by ${quoted(endedBy)}, ${describeTime(endedAt)}${why}`;
}

function expiryOf(expiresAt: Date, { onExpiry, isDue }: TaskDetails): string {
  const then = onExpiry === undefined || onExpiry === "cancel" ? "then canceled" : `then answered ${json(onExpiry)}`;
  return `${describeTime(expiresAt)}, ${then}${isDue === true ? "; its time is over: holdpoint expire applies that" : ""}`;
}

function endOf(task: TaskDetails): readonly string[] {
  return task.state === "paused" || task.message !== undefined ? [] : ["Its message was emptied by prune."];
}

function describeSent({ by, at }: SentAnswer, { state }: TaskDetails): string {
  const what = state === "paused" ? "an answer that is not taken up yet" : "this answer";
  return `${what}, through the gateway, by ${describePerson(by)} ${describeTime(at)}`;
}

function displacedFrom(id: string): string {
  return `${escapeControls(id)}, until another message with this id took its place; it is answered by its own id above`;
}

function describeField(field: PauseField): string {
  // Another program may have stored anything here.
  const { name, type, prompt, required, payload_key, options } = field;
  const details = [
    escapeValue(type),
    required === false ? "optional" : "required",
    ...(field.default === undefined || field.default === null ? [] : [`default ${json(field.default)}`]),
    ...(Array.isArray(options) ? [`one of ${options.map((option) => json(option)).join(", ")}`] : []),
    ...(typeof payload_key === "string" ? [`goes to ${escapeControls(payload_key)}`] : []),
  ];
  const asked = typeof prompt === "string" ? `: ${escapeControls(prompt)}` : "";
  return `${escapeControls(name)} (${details.join(", ")})${asked}`;
}

function describePast({ sequence, pausedAt, resumedAt, resumedBy }: TaskDetails["history"][number]): string {
  const end = resumedAt === undefined ? "" : `, resumed by ${quoted(resumedBy)} ${describeTime(resumedAt)}`;
  return `    ${sequence}. paused ${describeTime(pausedAt)}${end}`;
}

function quoted(text: string | undefined): string {
  return escapeControls(JSON.stringify(text ?? "unknown"));
}

function json(value: unknown): string {
  return escapeControls(JSON.stringify(value), "lines");
}
