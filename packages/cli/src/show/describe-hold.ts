import type { HoldDetails } from "@holdpoint/core/holds";

import { describeTime } from "../frame/describe-time.ts";
import { escapeControls } from "../frame/escape-controls.ts";
import { describePerson } from "../frame/hold-person.ts";
import type { Output } from "../frame/output.ts";
import { describeAnswer } from "./describe-answer.ts";
import { indented, indentedJson } from "./indent.ts";

/** One hold on several lines, for a person. Nothing of what it holds acts on the terminal. */
export function describeHold(hold: HoldDetails, location: string, output: Output): string {
  const heading = (text: string): string => output.style("bold", text);
  const label = (text: string): string => heading(text.padEnd(8));
  const { question, claim, doubt, log } = hold;
  const lines = [
    `${heading(escapeControls(hold.id))}  ${stateLine(hold)}`,
    `  ${label("kept as")} ${escapeControls(hold.key)} at ${escapeControls(location)}`,
    `  ${label("asked")} ${describeTime(hold.openedAt)} by ${describePerson(hold.openedBy, hold.openedVia)}`,
    `  ${label("question")} ${indented(hold.message ?? "(emptied by prune)", "           ")}`,
  ];
  if (question?.details !== undefined) lines.push(`  ${label("details")} ${indented(question.details, "           ")}`);
  if (question !== undefined && question.decisions.length > 0) {
    lines.push(`  ${label("answers")} ${question.decisions.map(describeDecision).join(", ")}`);
  }
  if (question?.schema !== undefined) lines.push(`  ${heading("schema")}`, indentedJson(question.schema));
  if (hold.approvals > 1) lines.push(`  ${label("needs")} ${hold.approvals} people who approve the same`);
  if (hold.notBy.length > 0)
    lines.push(`  ${label("not by")} ${hold.notBy.map((person) => describePerson(person)).join(", ")}`);
  if (hold.expiresAt !== undefined) lines.push(`  ${label("expires")} ${describeTime(hold.expiresAt)}`);
  const labels = Object.entries(hold.labels).map(([name, value]) => escapeControls(`${name}=${value}`));
  if (labels.length > 0) lines.push(`  ${label("labels")} ${labels.join(", ")}`);
  if (question !== undefined) lines.push(`  ${heading("content")}`, indentedJson(hold.content));
  lines.push(...hold.votes.map((vote) => `  ${label("vote")} ${describeAnswer(vote)}`));
  if (hold.answer !== undefined) lines.push(`  ${label("answer")} ${describeAnswer(hold.answer)}`);
  if (claim !== undefined) {
    const what = `attempt ${claim.attempt} by ${escapeControls(claim.worker)}, when in doubt ${claim.whenInDoubt}`;
    lines.push(`  ${label(hold.state === "acting" ? "acting" : "acted")} ${describeTime(claim.at)}, ${what}`);
  }
  if (doubt !== undefined) lines.push(`  ${label("doubt")} ${describeDoubt(doubt)}`);
  if (hold.receipt !== undefined) lines.push(`  ${heading("receipt")}`, indentedJson(hold.receipt));
  if (hold.omitted !== undefined) lines.push(`  ${label("receipt")} not kept: ${hold.omitted}`);
  if (log.length > 0) lines.push(`  ${heading("log")}`, ...log.map(describeEntry));
  if (hold.logCut > 0) lines.push(`    (${hold.logCut} older entries are not kept)`);
  return `${lines.join("\n")}\n`;
}

function stateLine({ state, since, isDue, claim, endedBy, reason }: HoldDetails): string {
  if (isDue) return "its time is over; holdpoint expire writes that down";
  switch (state) {
    case "waiting":
      return "waits for an answer";
    case "answered":
      return `is answered, and nobody has acted yet, ${describeTime(since)}`;
    case "acting":
      return `is acted on, ${describeTime(since)}`;
    case "in-doubt":
      return `is in doubt, ${describeTime(since)}; look what happened, and settle it (--attempt ${claim?.attempt})`;
    case "done":
    case "rejected":
    case "canceled":
    case "expired":
    case "corrupt": {
      const by = endedBy === undefined ? "" : ` by ${describePerson(endedBy)}`;
      const why = reason === undefined ? "" : `: ${escapeControls(reason)}`;
      return `${state}${by}, ${describeTime(since)}${why}`;
    }
  }
}

function describeDecision({
  name,
  label,
  approving,
}: NonNullable<HoldDetails["question"]>["decisions"][number]): string {
  const shown = label === undefined ? "" : ` ${JSON.stringify(label)}`;
  return escapeControls(`${name}${shown} (${approving ? "lets act" : "lets nobody act"})`);
}

function describeDoubt({ at, why, problem }: NonNullable<HoldDetails["doubt"]>): string {
  const how = why === "threw" ? "the work failed" : "the worker went silent";
  return `${describeTime(at)}: ${how}${problem === undefined ? "" : `: ${escapeControls(problem)}`}`;
}

function describeEntry({ at, did, by, via, input }: HoldDetails["log"][number]): string {
  const given = input === undefined ? "" : ` ${escapeControls(JSON.stringify(input))}`;
  return `    ${escapeControls(at)} ${did} by ${describePerson(by, via)}${given}`;
}
