import type { PauseLedger, TaskDetails } from "@holdpoint/asya";
import type { SentAnswer } from "@holdpoint/asya/gateway";
import { findSentAnswers } from "@holdpoint/asya/gateway";
import type { CheckpointStore } from "@holdpoint/core";
import type { HoldDetails, Holds } from "@holdpoint/core/holds";

import { outcomeName } from "../hold/outcome-name.ts";
import { answerersOf } from "../task/answerers-of.ts";
import type { NoticeSubject } from "./notice-target.ts";

/** A hold or a task by its name. */
export interface SubjectName {
  readonly kind: "hold" | "task";
  readonly id: string;
}

/** What is to be told of a hold or a task as it is now. */
export interface FoundSubject extends NoticeSubject {
  /** What tells the question from an earlier one under the same id. */
  readonly occasion: string;
}

/** The occasion of a hold that was opened then, or of a pause point of a task: each is a question of its own. */
export function occasionOf({
  openedAt,
  sequence,
}: {
  readonly openedAt: Date | undefined;
  readonly sequence?: number | undefined;
}): string {
  return sequence === undefined ? (openedAt?.toISOString() ?? "") : `${sequence}`;
}

/**
 * Reads what is told of a hold or a task; `undefined` where there is none, or nothing but a stub.
 *
 * @throws {CheckpointError} what the store throws
 */
export async function findSubject(
  { store, holds, ledger }: { readonly store: CheckpointStore; readonly holds: Holds; readonly ledger: PauseLedger },
  { kind, id }: SubjectName,
  signal: AbortSignal,
): Promise<FoundSubject | undefined> {
  if (kind === "task") {
    const task = await ledger.inspect(id, { signal });
    if (task === null) return undefined;
    return taskSubject(task, task.state === "resumed" ? await findSentAnswers(store, task, { signal }) : []);
  }
  const hold = await holds.inspect(id, { signal });
  return hold === null || hold.pruned ? undefined : holdSubject(hold);
}

function holdSubject(hold: HoldDetails): FoundSubject {
  const { id, state, message, openedBy, openedVia, openedAt, expiresAt, labels, answer, endedBy } = hold;
  const isWaiting = state === "waiting";
  return {
    kind: "hold",
    id,
    occasion: occasionOf({ openedAt }),
    isWaiting,
    message,
    askedBy: openedBy,
    askedVia: openedVia,
    openedAt,
    expiresAt,
    labels,
    outcome: isWaiting ? undefined : outcomeName(hold),
    decidedBy: isWaiting || answer?.byExpiry === true ? undefined : (answer?.by ?? endedBy),
    decidedVia: answer?.via,
  };
}

function taskSubject(
  { taskId, state, sequence, prompt, pausedAt, expiresAt }: TaskDetails,
  answers: readonly SentAnswer[],
): FoundSubject {
  const [decidedBy, ...others] = answerersOf(answers);
  return {
    kind: "task",
    id: taskId,
    occasion: occasionOf({ openedAt: pausedAt, sequence }),
    isWaiting: state === "paused",
    message: prompt,
    askedBy: undefined,
    askedVia: undefined,
    openedAt: pausedAt,
    expiresAt,
    labels: {},
    outcome: state === "paused" ? undefined : state === "canceled" ? "Canceled" : "Answered",
    // Of several that gave the same answer, nobody knows which was first.
    decidedBy: others.length === 0 ? decidedBy : undefined,
    decidedVia: undefined,
  };
}
