import { exactNumber, parseLosslessJson } from "@holdpoint/core/json";

import type { ResumeMark } from "./message-identity.ts";
import { isSameResume } from "./message-identity.ts";
import type {
  CanceledDocument,
  PausedDocument,
  ResumedDocument,
  ResumeOutcome,
  TaskDocument,
} from "./pause-document.ts";
import type { Resumption } from "./pause-point.ts";

/**
 * What a resume message is to a task's document:
 *
 * - `claim`: the task waits, and this may be its answer
 * - `replay`: it is the message that resumed the task. `mayBeNew`: it shows signs of being a new answer. They do not
 *   suffice to refuse it, since a clock may differ, but they do to look whether the task waits elsewhere.
 * - `absorb`: it is a message that resumed an earlier pause point, delivered again
 * - `repeated`: it equals such a message, but may be a new answer as well
 * - `already-resumed`: the task has gone on, and this is not the message that resumed it
 * - `canceled`: the task was ended
 */
export type ResumeJudgement =
  | { readonly kind: "claim"; readonly waiting: PausedDocument }
  | {
      readonly kind: "replay";
      readonly resumed: ResumedDocument & { readonly result: ResumeOutcome };
      readonly mayBeNew: boolean;
    }
  | { readonly kind: "absorb" }
  | { readonly kind: "repeated"; readonly earlier: Resumption }
  | { readonly kind: "already-resumed"; readonly resumption: Resumption }
  | { readonly kind: "canceled"; readonly cancellation: CanceledDocument["cancellation"] };

/** Judges a resume message against the document of the task that it is for. */
export function judgeResume(mark: ResumeMark, document: TaskDocument): ResumeJudgement {
  const latest = judgeLatest(mark, document);
  if (latest !== undefined && !latest.mayBeNew) return latest;

  const equals = document.history
    .map(({ resumption }) => resumption)
    .filter((past) => past !== undefined)
    .filter((past) => isSameResume(mark, past.mark));
  if (equals.some((past) => judgeRepetition(mark, past) === "again")) return { kind: "absorb" };
  if (latest !== undefined) return latest;
  switch (document.state) {
    case "canceled":
      return { kind: "canceled", cancellation: document.cancellation };
    case "resumed":
      return { kind: "already-resumed", resumption: document.resumption };
    case "paused": {
      const earlier = equals.findLast((past) => judgeRepetition(mark, past) === "unknown");
      return earlier === undefined ? { kind: "claim", waiting: document } : { kind: "repeated", earlier };
    }
  }
}

/** The message that resumed the task as the document has it; `undefined` if this is another, or its result was pruned. */
function judgeLatest(mark: ResumeMark, document: TaskDocument): (ResumeJudgement & { kind: "replay" }) | undefined {
  if (document.state !== "resumed" || document.result === null) return undefined;
  const { resumption, result } = document;
  if (!isSameResume(mark, resumption.mark)) return undefined;
  const mayBeNew = judgeRepetition(mark, resumption) === "new";
  return { kind: "replay", resumed: { ...document, result }, mayBeNew };
}

/** Whether a message with the id and content of an earlier one is that one again, or a new one. */
function judgeRepetition(mark: ResumeMark, { mark: earlier, freshId }: Resumption): "again" | "new" | "unknown" {
  if (freshId) return "again";
  if (mark.createdAt !== null && earlier.createdAt !== null) {
    return mark.createdAt === earlier.createdAt ? "again" : "new";
  }
  return isSameTime(mark.timeout, earlier.timeout) ? "unknown" : "new";
}

/** Seconds as JSON text: 90 and 90.0 are the same time. */
function isSameTime(left: string | null, right: string | null): boolean {
  return left === right || (left !== null && right !== null && secondsOf(left) === secondsOf(right));
}

function secondsOf(text: string): string {
  return exactNumber(parseLosslessJson(text)) ?? text;
}
