import type { PauseLedger, TaskDetails } from "@holdpoint/asya";
import type { GatewayCourier } from "@holdpoint/asya/gateway";
import type { CheckpointStore } from "@holdpoint/core";
import { findSentAnswers, gatewayTaskOf, GatewayError } from "@holdpoint/asya/gateway";

import { confirmToGoOn } from "../frame/ask.ts";
import type { CommandContext } from "../frame/command-context.ts";
import { CommandError } from "../frame/command-error.ts";
import { escapeControls, toJsonLine } from "../frame/escape-controls.ts";
import { exitCodes } from "../frame/exit-code.ts";
import { whoAmI } from "../frame/who-am-i.ts";
import { describeTask } from "../show/describe-task.ts";
import type { CancelChoice } from "./cancel-choice.ts";

/** Ends a paused task for good, and in the gateway too where there is a courier to it. */
export async function endTask(
  context: CommandContext,
  {
    ledger,
    task,
    store,
  }: { readonly ledger: PauseLedger; readonly task: TaskDetails; readonly store: CheckpointStore },
  courier: GatewayCourier | undefined,
  options: CancelChoice,
): Promise<void> {
  const { output, messages, signal } = context;
  const { reason, by = whoAmI() } = options;
  const { taskId, version: ifVersion } = task;
  if (courier !== undefined) await assertKnown(courier, task, signal);
  if (task.state === "paused" && context.interactive && options.yes === undefined) {
    await messages.write(describeTask(task, await findSentAnswers(store, task, { signal }), store.location, messages));
    await confirmToGoOn(context, "Cancel this task? It can never be resumed then.");
  }
  // The version keeps a later pause point, which nobody has looked at, from being canceled. The store comes first: what
  // is canceled in the gateway alone can still be resumed.
  const canceled = await context.finish(async () => await ledger.cancel(taskId, { by, reason, ifVersion }));
  const inGateway = courier === undefined ? undefined : await context.finish(async () => await cancelIn(courier, task));
  const outcome = canceled ? "canceled" : "already-canceled";
  if (options.json) {
    const gateway = inGateway === undefined ? {} : { gateway: inGateway ? "canceled" : "already-ended" };
    await output.write(toJsonLine({ outcome, taskId, ...gateway }));
    return;
  }
  const there =
    inGateway === undefined ? "" : inGateway ? ", in the gateway too" : "; in the gateway it had ended before";
  await output.write(`${escapeControls(taskId)} ${canceled ? "is canceled" : "was canceled before"}${there}.\n`);
}

/** Before anything is changed: another mesh's gateway would leave the task half canceled. */
async function assertKnown(courier: GatewayCourier, task: TaskDetails, signal: AbortSignal): Promise<void> {
  if ((await courier.status(gatewayTaskOf(task), { signal })) !== undefined) return;
  throw new CommandError(
    exitCodes.notFound,
    `The gateway at ${courier.address} knows no task ${JSON.stringify(task.taskId)}; nothing was changed. Without --via the task is canceled in the store alone.`,
  );
}

async function cancelIn(courier: GatewayCourier, task: TaskDetails): Promise<boolean> {
  try {
    return await courier.cancel(gatewayTaskOf(task));
  } catch (error) {
    if (!GatewayError.is(error)) throw error;
    throw new CommandError(
      exitCodes.failed,
      `The task ${JSON.stringify(task.taskId)} is canceled in the store, but ${error.message} The same call again cancels it there.`,
      { cause: error },
    );
  }
}
