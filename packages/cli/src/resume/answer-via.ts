import type { InputValidation, MergeMode, PauseLedger, TaskDetails } from "@holdpoint/asya";
import type { AnswerReceipt, GatewayCourier } from "@holdpoint/asya/gateway";
import type { CheckpointStore, JsonObject } from "@holdpoint/core";
import { checkAnswer } from "@holdpoint/asya";
import { GatewayError, sendAnswer } from "@holdpoint/asya/gateway";

import type { CommandContext } from "../frame/command-context.ts";
import { CommandError } from "../frame/command-error.ts";
import { escapeControls, toJsonLine } from "../frame/escape-controls.ts";
import { exitCodes } from "../frame/exit-code.ts";
import { requireTask } from "../frame/require-task.ts";

/** What is to be answered, and how. */
export interface ViaAnswer {
  readonly courier: GatewayCourier;
  readonly ledger: PauseLedger;
  readonly store: CheckpointStore;
  readonly task: TaskDetails;
  readonly input: JsonObject;
  /** Who answers. */
  readonly by: string;
  readonly validation: InputValidation;
  readonly mergeMode: MergeMode;
  readonly json: boolean;
}

/** Answers a task through its gateway: checks first, claims nothing, and leaves the rest to x-resume. */
export async function answerVia(context: CommandContext, answer: ViaAnswer): Promise<void> {
  const { courier, ledger, store, task, input, validation, mergeMode, json } = answer;
  const checked = await checkAnswer(task, input, { validation, mergeMode });
  const now = await requireTask(ledger, store, task.taskId, context.signal);
  if (now.version !== task.version) {
    throw new CommandError(
      exitCodes.refused,
      `The task ${JSON.stringify(task.taskId)} has changed since it was looked at; nothing was sent. Look at it again.`,
    );
  }
  const receipt = await context.finish(async () => await send(answer, checked));
  await tell(context, courier, task, receipt, json);
}

async function send({ store, courier, task, by }: ViaAnswer, input: JsonObject): Promise<AnswerReceipt> {
  try {
    return await sendAnswer(store, courier, task, input, by);
  } catch (error) {
    if (!GatewayError.is(error) || error.outcome !== "unknown") throw error;
    throw new CommandError(
      exitCodes.failed,
      `${error.message} Whether the answer was taken is not known; holdpoint show tells once x-resume has it. The same call again is safe: a task is resumed once.`,
      { cause: error },
    );
  }
}

async function tell(
  { output, messages }: CommandContext,
  { generation, address }: GatewayCourier,
  { taskId }: TaskDetails,
  { messageId, before, after }: AnswerReceipt,
  json: boolean,
): Promise<void> {
  const name = escapeControls(taskId);
  if (before === undefined) {
    await messages.tell(`The gateway had no record of ${name}; it follows the answer under an id of its own.\n`);
  } else if (before.state !== "paused") {
    await messages.tell(`The gateway showed ${name} as ${before.state}, and took the answer all the same.\n`);
  }
  const outcome = { outcome: "sent", taskId, gateway: address, generation, messageId, before, after };
  await output.write(json ? toJsonLine(outcome) : `The answer to ${name} was taken by the gateway at ${address}.\n`);
}
