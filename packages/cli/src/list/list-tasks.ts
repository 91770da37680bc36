import type { TaskState, TaskSummary } from "@holdpoint/asya";
import { createPauseLedger } from "@holdpoint/asya";

import type { CommandContext } from "../frame/command-context.ts";
import { shortTime } from "../frame/describe-time.ts";
import { escapeControls, toJsonLine } from "../frame/escape-controls.ts";
import { exitCodes } from "../frame/exit-code.ts";
import type { StoreChoice } from "../frame/open-command-store.ts";
import { openCommandStore } from "../frame/open-command-store.ts";

/** Options of `holdpoint ls`. */
export interface ListChoice extends StoreChoice {
  readonly state: TaskState | "all";
  readonly olderThan?: number | undefined;
  readonly json?: true | undefined;
}

const states = { paused: "yellow", resumed: "green", canceled: "gray", corrupt: "red" } as const;

/** Lists tasks as they come, however many there are. */
export async function listTasks(context: CommandContext, options: ListChoice): Promise<void> {
  const { output, messages, signal } = context;
  await using store = await openCommandStore(context, options, "read");
  const before = options.olderThan === undefined ? undefined : Date.now() - options.olderThan;
  let unreadable = 0;
  let undated = 0;
  let listed = 0;
  for await (const task of createPauseLedger(store).list({ signal })) {
    if (task.state === "corrupt") unreadable += 1;
    if (options.state !== "all" && task.state !== options.state) continue;
    const since = sinceWhen(task);
    if (before !== undefined && since === undefined) undated += 1;
    if (before !== undefined && (since === undefined || since.getTime() > before)) continue;
    listed += 1;
    await output.write(options.json ? toJsonLine(task) : `${row(context, task)}\n`);
  }
  // Also where nobody sits at a terminal: an empty answer may come from another place than was meant.
  if (listed === 0) await messages.tell(`No such task at ${escapeControls(store.location)}.\n`);
  if (undated > 0) {
    await messages.tell(`Left out: ${undated} of which the store does not know how old they are.\n`);
  }
  if (unreadable > 0) {
    context.exitCode = exitCodes.failed;
    if (options.state !== "all" && options.state !== "corrupt") {
      await messages.tell(`Cannot be read: ${unreadable}; holdpoint ls --state corrupt says why.\n`);
    }
  }
}

function sinceWhen(task: TaskSummary): Date | undefined {
  return task.endedAt ?? task.pausedAt;
}

function row({ output }: CommandContext, task: TaskSummary): string {
  const since = sinceWhen(task);
  const asked = task.problem ?? task.prompt ?? "";
  const displaced = task.displacedFrom === undefined ? "" : ` (displaced from ${escapeControls(task.displacedFrom)})`;
  const ended = task.endedBy === undefined ? "" : ` (by ${escapeControls(task.endedBy)})`;
  return [
    (since === undefined ? "-" : shortTime(since)).padEnd(20),
    output.style(states[task.state], task.state.padEnd(8)),
    escapeControls(task.taskId).padEnd(36),
    `${escapeControls(asked)}${output.style("gray", `${displaced}${ended}`)}`,
  ].join("  ");
}
