import type { HoldAnswer, HoldDetails } from "@holdpoint/core/holds";
import { CheckpointError } from "@holdpoint/core";
import { createHolds } from "@holdpoint/core/holds";

import { confirmToGoOn } from "../frame/ask.ts";
import type { CommandContext } from "../frame/command-context.ts";
import { CommandError } from "../frame/command-error.ts";
import { escapeControls, toJsonLine } from "../frame/escape-controls.ts";
import { exitCodes } from "../frame/exit-code.ts";
import { readPersonOptions } from "../frame/hold-person.ts";
import type { StoreChoice } from "../frame/open-command-store.ts";
import { openCommandStore } from "../frame/open-command-store.ts";
import { requireHold } from "../frame/require-hold.ts";
import { describeHold } from "../show/describe-hold.ts";
import { askAnswer } from "./ask-answer.ts";
import type { AnswerInput } from "./read-answer.ts";
import { readAnswer } from "./read-answer.ts";

/** Options of `holdpoint answer`. */
export interface AnswerChoice extends StoreChoice, AnswerInput {
  readonly by?: string | undefined;
  readonly issuer?: string | undefined;
  readonly yes?: true | undefined;
  readonly json?: true | undefined;
}

/** Answers a hold. */
export async function runAnswer(
  context: CommandContext,
  id: string,
  decision: string | undefined,
  options: AnswerChoice,
): Promise<void> {
  const { signal } = context;
  await using store = await openCommandStore(context, options, "write");
  const holds = createHolds(store);
  const hold = await requireHold(holds, store, id, signal);
  const given = await readAnswer(context, hold, decision, options);
  const answer = await completeAnswer(context, hold, given, store.location, options);
  const by = readPersonOptions(options);
  const result = await context
    .finish(async () => await holds.answer(id, answer, { by }))
    .catch((error: unknown) => {
      throw withAdvice(error);
    });
  if (options.json) await context.output.write(toJsonLine(result));
  else await context.output.write(`${sentence(result)}\n`);
}

async function completeAnswer(
  context: CommandContext,
  hold: HoldDetails,
  given: HoldAnswer,
  location: string,
  options: AnswerChoice,
): Promise<HoldAnswer> {
  const reads = [options.input, options.content].includes("-");
  // Why a hold that waits no more takes no answer, the refusal says.
  if (!context.interactive || options.yes === true || reads || hold.state !== "waiting") return given;
  const { messages } = context;
  await messages.write(`${describeHold(hold, location, messages)}\n`);
  const answer = await askAnswer(context, hold, given);
  await messages.write(`${escapeControls(JSON.stringify(answer))}\n`);
  await confirmToGoOn(context, "Give this answer?");
  return answer;
}

function sentence(result: Awaited<ReturnType<ReturnType<typeof createHolds>["answer"]>>): string {
  const id = escapeControls(result.id);
  const people = result.approvalsLeft === 1 ? "1 more person" : `${result.approvalsLeft} more people`;
  switch (result.outcome) {
    case "answered":
      return `${id} is ${result.state}.`;
    case "voted":
      return `${id} has this vote, and waits for ${people} who say the same.`;
    case "found":
      return `${id} has had this answer already; it is ${result.state}.`;
  }
}

function withAdvice(error: unknown): unknown {
  if (!CheckpointError.is(error) || error.outcome !== "unknown") return error;
  return new CommandError(
    exitCodes.failed,
    `${error.message} Whether the answer is taken is not known. The same call again is safe.`,
    { cause: error },
  );
}
