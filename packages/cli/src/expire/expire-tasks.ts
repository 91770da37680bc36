import type { PauseLedger, TaskDetails } from "@holdpoint/asya";
import type { GatewayCourier } from "@holdpoint/asya/gateway";
import type { JsonObject } from "@holdpoint/core";
import { checkAnswer, LedgerError } from "@holdpoint/asya";
import { gatewayTaskOf, GatewayError } from "@holdpoint/asya/gateway";
import { CheckpointError } from "@holdpoint/core";

import type { CommandContext } from "../frame/command-context.ts";
import { escapeControls, toJsonLine } from "../frame/escape-controls.ts";
import { exitCodes } from "../frame/exit-code.ts";
import { whoAmI } from "../frame/who-am-i.ts";
import { answerId, answerMessage } from "../resume/answer-message.ts";

/** What became of the tasks whose time is over. */
export interface ExpiredTasks {
  due: number;
  canceled: number;
  /** Answers that a gateway took. */
  sent: number;
  /** Answers that were written to standard output. */
  printed: number;
  /** Tasks that still wait as if nothing had been done. */
  left: number;
}

/** Where answers go. */
interface Ways {
  readonly ledger: PauseLedger;
  readonly courier: GatewayCourier | undefined;
  readonly print: boolean;
  readonly dryRun: boolean;
}

/**
 * Applies the expiry of every task whose time is over. A task is canceled here, but never answered here: its answer goes
 * the way of every other, as a resume message, and counts once x-resume claims the task for it.
 *
 * @param counts counted on, also where this throws
 */
export async function expireTasks(context: CommandContext, ways: Ways, counts: ExpiredTasks): Promise<void> {
  const { signal, messages } = context;
  for await (const { taskId, isDue } of ways.ledger.list({ state: "paused", signal })) {
    if (isDue !== true) continue;
    counts.due += 1;
    if (ways.dryRun) continue;
    try {
      const task = await ways.ledger.inspect(taskId, { signal });
      // Whoever was faster was in time.
      if (task?.state === "paused" && task.isDue === true) counts[await expire(context, ways, task)] += 1;
    } catch (error) {
      if (!LedgerError.is(error) && !GatewayError.is(error) && !CheckpointError.is(error, "conflict")) throw error;
      counts.left += 1;
      context.exitCode = exitCodes.failed;
      await messages.tell(`${escapeControls(taskId)}: ${escapeControls(error.message, "lines")}\n`);
    }
  }
  const answers = ways.courier === undefined && !ways.print && !ways.dryRun ? counts.left : 0;
  if (answers > 0) {
    await messages.tell(
      "Tasks are answered by x-resume alone: send their answers with --via, or take them with --print.\n",
    );
  }
}

async function expire(
  context: CommandContext,
  { ledger, courier, print }: Ways,
  task: TaskDetails,
): Promise<"canceled" | "sent" | "printed" | "left"> {
  const { taskId, version: ifVersion, expiresAt, onExpiry } = task;
  if (onExpiry === undefined || onExpiry === "cancel") {
    const reason = `nobody answered until ${expiresAt?.toISOString() ?? ""}`;
    await context.finish(async () => await ledger.cancel(taskId, { by: whoAmI(), reason, ifVersion }));
    if (courier !== undefined) await context.finish(async () => await cancelIn(courier, task));
    return "canceled";
  }
  if (courier === undefined && !print) return "left";
  const input = await checkAnswer(task, onExpiry);
  if (courier === undefined) await printAnswer(context, task, input);
  else await context.finish(async () => await courier.answer(gatewayTaskOf(task), input));
  return courier === undefined ? "printed" : "sent";
}

async function printAnswer({ output }: CommandContext, task: TaskDetails, input: JsonObject): Promise<void> {
  // The same id each time: printed twice, it is the same message, delivered again.
  await output.write(toJsonLine(answerMessage(task, answerId(task, "expiry"), input)));
}

/** A gateway that has forgotten the task, or never knew it, has nothing to cancel. */
async function cancelIn(courier: GatewayCourier, task: TaskDetails): Promise<void> {
  await courier.cancel(gatewayTaskOf(task)).catch((error: unknown) => {
    if (!GatewayError.is(error, "unknown-task")) throw error;
  });
}
