import type { TaskSummary } from "@holdpoint/asya";
import type { SentAnswer } from "@holdpoint/asya/gateway";
import type { AnswerSummary, HoldState, HoldSummary, Person } from "@holdpoint/core/holds";

import { answerersOf } from "../task/answerers-of.ts";
import { beginningOf } from "../show/visible-text.ts";

/** Where an item stands; a paused task waits, and one that was resumed is answered. */
export type ListedState = HoldState;

/** A hold of a program or a task of the mesh, as a list shows it. */
export interface ListedItem {
  readonly kind: "hold" | "task";
  readonly id: string;
  readonly state: ListedState;
  /** `undefined` once it was pruned. */
  readonly question: string | undefined;
  readonly askedBy: Person | undefined;
  /** Who said that they asked, where that is somebody else. */
  readonly askedVia: Person | undefined;
  /** The actors that a task goes on to. */
  readonly goesTo: readonly string[];
  readonly openedAt: Date | undefined;
  /** Which pause point of a task it is; `undefined` for a hold. */
  readonly sequence?: number | undefined;
  readonly since: Date | undefined;
  readonly expiresAt: Date | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly answers: readonly AnswerSummary[];
}

/** What a list keeps of a question; a list may hold very many. */
const maxQuestionCharacters = 300;

/** A hold as a list keeps it. */
export function listedHold(hold: HoldSummary): ListedItem {
  const { id, state, message, openedAt, openedBy, openedVia, since, expiresAt, labels, answers } = hold;
  return {
    kind: "hold",
    id,
    state,
    question: short(message),
    askedBy: openedBy,
    askedVia: openedVia,
    goesTo: [],
    openedAt,
    since,
    expiresAt,
    labels,
    answers,
  };
}

/**
 * A task as a list keeps it.
 *
 * @param sentAnswers who has handed what it was resumed with to its gateway
 */
export function listedTask(task: TaskSummary, sentAnswers = task.sentAnswers ?? []): ListedItem {
  const { taskId, pausedAt, expiresAt, endedAt, prompt } = task;
  return {
    kind: "task",
    id: taskId,
    state: taskState(task),
    question: short(prompt),
    askedBy: undefined,
    askedVia: undefined,
    goesTo: task.next ?? [],
    openedAt: pausedAt,
    sequence: task.sequence,
    since: endedAt ?? pausedAt,
    expiresAt,
    labels: {},
    answers: answersOf(task, sentAnswers),
  };
}

/** Who a gateway's task was resumed by is a message; who sent that, is noted beside it. */
function answersOf(
  { state, endedAt, endedBy }: TaskSummary,
  sentAnswers: readonly SentAnswer[],
): readonly AnswerSummary[] {
  if (state !== "resumed" || endedAt === undefined) return [];
  const people = sentAnswers.length > 0 ? answerersOf(sentAnswers) : endedBy === undefined ? [] : [endedBy];
  return people.map((by) => ({ by, at: endedAt, decision: undefined }));
}

/** Oldest first. What has no time of its own stands first: nobody knows how old it is. */
export function byAge(left: ListedItem, right: ListedItem): number {
  return timeOf(left) - timeOf(right) || (left.id < right.id ? -1 : left.id > right.id ? 1 : 0);
}

function timeOf({ openedAt, since }: ListedItem): number {
  return (openedAt ?? since)?.getTime() ?? 0;
}

function taskState({ state }: TaskSummary): ListedState {
  if (state === "paused") return "waiting";
  return state === "resumed" ? "answered" : state;
}

function short(text: string | undefined): string | undefined {
  return text === undefined ? undefined : beginningOf(text, maxQuestionCharacters);
}
