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
  if (document.state === "resumed" && isSameResume(mark, document.resumption.mark)) {
    return document.result === null ? "refuse" : "replay";
  }
  const past = document.history.findLast(
    (point) => point.resumption !== undefined && isSameResume(mark, point.resumption.mark),
  );
  const repetition = past?.resumption === undefined ? "new" : judgeRepetition(mark, past.resumption);
  if (repetition === "again") return "absorb";
  if (document.state !== "paused") return "refuse";
  return repetition === "new" ? "claim" : "repeated";
}

/** Whether a message with the id and content of an earlier one is that one again, or a new one. */
function judgeRepetition(mark: ResumeMark, { mark: earlier, freshId }: Resumption): "again" | "new" | "unknown" {
  if (freshId) return "again";
  if (mark.createdAt !== null && earlier.createdAt !== null) {
    return mark.createdAt === earlier.createdAt ? "again" : "new";
  }
  return mark.timeout === earlier.timeout ? "unknown" : "new";
}
