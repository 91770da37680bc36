import type { Holds, WaitResult } from "@holdpoint/core/holds";
import { createHolds } from "@holdpoint/core/holds";

import type { CommandContext } from "../frame/command-context.ts";
import { escapeControls, toJsonLine } from "../frame/escape-controls.ts";
import type { ExitCode } from "../frame/exit-code.ts";
import { exitCodes } from "../frame/exit-code.ts";
import type { StoreChoice } from "../frame/open-command-store.ts";
import { openCommandStore } from "../frame/open-command-store.ts";
import { requireHold } from "../frame/require-hold.ts";
import { describeAnswer } from "../show/describe-answer.ts";

/** Options of `holdpoint wait`. */
export interface WaitChoice extends StoreChoice {
  readonly timeout?: number | undefined;
  readonly json?: true | undefined;
}

const stateExitCodes: Readonly<Record<WaitResult["state"], ExitCode>> = {
  waiting: exitCodes.notAnswered,
  answered: exitCodes.ok,
  acting: exitCodes.ok,
  done: exitCodes.ok,
  "in-doubt": exitCodes.inDoubt,
  rejected: exitCodes.refused,
  canceled: exitCodes.refused,
  expired: exitCodes.refused,
  gone: exitCodes.notFound,
  corrupt: exitCodes.failed,
};

/** Waits until a hold waits no more, and says what became of it. */
export async function runWait(context: CommandContext, id: string, options: WaitChoice): Promise<void> {
  const { output } = context;
  await using store = await openCommandStore(context, options, "read");
  const holds = createHolds(store);
  // However short the time is, an answer that is there already is seen.
  const hold = await requireHold(holds, store, id, context.signal);
  const { state, answer } = hold.state === "waiting" ? await waitFor(context, holds, id, options) : hold;
  context.exitCode = stateExitCodes[state];
  if (options.json) await output.write(toJsonLine({ id, state, answer }));
  else await output.write(`${escapeControls(id)} ${sentence({ id, state, answer })}\n`);
}

async function waitFor(
  { messages, signal }: CommandContext,
  holds: Holds,
  id: string,
  { timeout: waitMs }: WaitChoice,
): Promise<WaitResult> {
  await messages.progress(`${escapeControls(id)} waits for an answer`);
  try {
    return await holds.wait(id, { signal, waitMs });
  } finally {
    await messages.progress("");
  }
}

function sentence({ state, answer }: WaitResult): string {
  if (state === "waiting") return "still waits for an answer.";
  if (state === "gone") return "is gone: it was forgotten meanwhile.";
  return answer === undefined ? `is ${state}.` : `is ${state}: ${describeAnswer(answer)}`;
}
