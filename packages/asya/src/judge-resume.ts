import type { ResumeMark } from "./message-identity.ts";
import { isSameResume } from "./message-identity.ts";
import type { Resumption, TaskDocument } from "./pause-document.ts";

/**
 * What a resume message is to a task's document:
 *
 * - `claim`: the task waits, and this may be its answer
 * - `replay`: it is the message that resumed the task
 * - `absorb`: it is a message that resumed an earlier pause point, delivered again
 * - `repeated`: it equals such a message, but may be a new answer as well
 * - `refuse`: the task does not wait, and this is not the message that resumed it
 */
export type ResumeJudgement = "claim" | "replay" | "absorb" | "repeated" | "refuse";

/** Judges a resume message against the document of the task that it is for. */
export function judgeResume(mark: ResumeMark, document: TaskDocument): ResumeJudgement {
  const isLatest = document.state === "resumed" && isSameResume(mark, document.resumption.mark);
  if (isLatest && !mayBeNewAnswer(mark, document)) return document.result === null ? "refuse" : "replay";

  const resumptions = document.history.map(({ resumption }) => resumption).filter((past) => past !== undefined);
  const repetitions = resumptions
    .filter((past) => isSameResume(mark, past.mark))
    .map((past) => judgeRepetition(mark, past));
  if (repetitions.includes("again")) return "absorb";
  if (isLatest && document.result !== null) return "replay";
  if (document.state !== "paused") return "refuse";
  return repetitions.includes("unknown") ? "repeated" : "claim";
}

/**
 * Whether a message that would be replayed shows signs of being a new one. They do not suffice to refuse it, since a
 * clock may differ, but they do to look whether the task waits elsewhere.
 */
export function mayBeNewAnswer(mark: ResumeMark, document: TaskDocument): boolean {
  return document.state === "resumed" && judgeRepetition(mark, document.resumption) === "new";
}

/** Whether a message with the id and content of an earlier one is that one again, or a new one. */
function judgeRepetition(mark: ResumeMark, { mark: earlier, freshId }: Resumption): "again" | "new" | "unknown" {
  if (freshId) return "again";
  if (mark.createdAt !== null && earlier.createdAt !== null) {
    return mark.createdAt === earlier.createdAt ? "again" : "new";
  }
  return mark.timeout === earlier.timeout ? "unknown" : "new";
}
