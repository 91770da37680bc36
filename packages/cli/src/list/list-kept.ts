import type { TaskState, TaskSummary } from "@holdpoint/asya";
import type { HoldState, HoldSummary } from "@holdpoint/core/holds";
import type { CheckpointStore } from "@holdpoint/core";
import { createPauseLedger } from "@holdpoint/asya";
import { createHolds } from "@holdpoint/core/holds";

import { describePerson } from "../frame/hold-person.ts";
import { escapeControls } from "../frame/escape-controls.ts";

/** One line of a listing. */
export interface ListedRow {
  readonly id: string;
  readonly state: TaskState | HoldState;
  /** Whether it has not ended: somebody has to do something about it. */
  readonly isOpen: boolean;
  readonly since: Date | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** What is asked, or why it cannot be read. */
  readonly asked: string;
  /** What else there is to say, safe to show. */
  readonly note: string;
  /** What programs get. */
  readonly json: object;
}

const openHolds: readonly HoldState[] = ["waiting", "answered", "acting", "in-doubt"];

/** All tasks and all holds of a store, as they come. */
export async function* listKept(store: CheckpointStore, signal: AbortSignal): AsyncGenerator<ListedRow> {
  for await (const task of createPauseLedger(store).list({ signal })) yield taskRow(task);
  for await (const hold of createHolds(store).list({ signal })) yield holdRow(hold);
}

function taskRow(task: TaskSummary): ListedRow {
  const { taskId: id, state, displacedFrom, endedBy } = task;
  const due = task.isDue === true ? " (due: holdpoint expire applies it)" : "";
  const displaced = displacedFrom === undefined ? "" : ` (displaced from ${escapeControls(displacedFrom)})`;
  const ended = endedBy === undefined ? "" : ` (by ${escapeControls(endedBy)})`;
  return {
    id,
    state,
    isOpen: state === "paused",
    since: task.endedAt ?? task.pausedAt,
    labels: {},
    asked: task.problem ?? task.prompt ?? "",
    note: `${due}${displaced}${ended}`,
    json: { kind: "task", id, ...task },
  };
}

function holdRow(hold: HoldSummary): ListedRow {
  const { id, state, isDue, since, labels, openedBy, openedVia, pruned } = hold;
  const due = isDue ? " (due: holdpoint expire writes it down)" : "";
  const asker = openedBy === undefined ? "" : ` (asked by ${describePerson(openedBy, openedVia)})`;
  return {
    id,
    state,
    isOpen: isDue || openHolds.includes(state),
    since,
    labels,
    asked: hold.problem ?? hold.message ?? (pruned ? "(emptied by prune)" : ""),
    note: `${due}${asker}`,
    json: { kind: "hold", ...hold },
  };
}
