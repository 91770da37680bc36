import { createPauseLedger } from "@holdpoint/asya";

import { confirmToGoOn } from "../frame/ask.ts";
import type { CommandContext } from "../frame/command-context.ts";
import { escapeControls, toJsonLine } from "../frame/escape-controls.ts";
import type { StoreChoice } from "../frame/open-command-store.ts";
import { openCommandStore } from "../frame/open-command-store.ts";
import { requireTask } from "../frame/require-task.ts";
import { whoAmI } from "../frame/who-am-i.ts";
import { describeTask } from "../show/describe-task.ts";

/** Options of `holdpoint cancel`. */
export interface CancelChoice extends StoreChoice {
  readonly reason?: string | undefined;
  readonly by?: string | undefined;
  readonly yes?: true | undefined;
  readonly json?: true | undefined;
}

/** Ends a paused task for good. */
export async function cancelTask(context: CommandContext, id: string, options: CancelChoice): Promise<void> {
  const { output, messages, signal } = context;
  const { reason, by = whoAmI() } = options;
  await using store = await openCommandStore(context, options);
  const ledger = createPauseLedger(store);
  const { taskId, version: ifVersion, ...task } = await requireTask(ledger, store, id, signal);
  if (task.state === "paused" && context.interactive && options.yes === undefined) {
    await messages.write(describeTask({ ...task, taskId, version: ifVersion }, store.location, messages));
    await confirmToGoOn(context, "Cancel this task? It can never be resumed then.");
  }
  // The version keeps a later pause point, which nobody has looked at, from being canceled.
  const canceled = await context.finish(async () => await ledger.cancel(taskId, { by, reason, ifVersion }));
  const outcome = canceled ? "canceled" : "already-canceled";
  if (options.json) await output.write(toJsonLine({ outcome, taskId }));
  else await output.write(`${escapeControls(taskId)} ${canceled ? "is canceled" : "was canceled before"}.\n`);
}
