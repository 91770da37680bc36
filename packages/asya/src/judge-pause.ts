import { resumeActor } from "./pause-document.ts";
import type { PastPausePoint, PausedDocument, PauseDocument, TaskDocument } from "./pause-document.ts";
import type { Trail } from "./trail.ts";

/**
 * What a message that arrives at a pause point is to a document that is there already:
 *
 * - `same`: the pause that the document holds
 * - `stale`: a pause point that the task has left
 * - `replace`: a new pause point, and the document has had its day
 * - `supersede`: a new pause point, although the document still waits
 */
export type PauseJudgement = "same" | "stale" | "replace" | "supersede";

/**
 * Judges a message that pauses against the document under its key. When in doubt it is a new pause point: to pause
 * wrongly asks a person twice, to call a pause stale wrongly loses the task.
 *
 * @param arriving the document that the message would become
 */
export function judgePause(arriving: PausedDocument, trail: Trail | undefined, stored: PauseDocument): PauseJudgement {
  if (stored.state === "alias") return "replace";
  const waits = stored.state === "paused";
  const match = trail === undefined ? findByMark(arriving, stored) : findBySequence(trail, stored);
  if (match === "current") return waits ? "same" : "stale";
  if (match === "past") return "stale";
  if (!waits) return "replace";
  // An actor that ran twice sends its message twice, not always with the same payload. The first one stays: a person
  // may be looking at it.
  if (trail === undefined && isSamePlace(arriving, stored)) return "same";
  return trail !== undefined && trail.run === stored.point.run ? "replace" : "supersede";
}

type Match = "current" | "past" | undefined;

/** With a trail, run and sequence name the pause point; content does not count, since a loop may repeat it. */
function findBySequence(trail: Trail, stored: TaskDocument): Match {
  const sequence = trail.sequence + 1;
  if (stored.point.run === trail.run) {
    if (stored.point.sequence === sequence) return "current";
    return stored.point.sequence > sequence ? "past" : undefined;
  }
  const isPast = (point: PastPausePoint): boolean => point.run === trail.run && point.sequence >= sequence;
  return stored.history.some(isPast) ? "past" : undefined;
}

/** Without one, the message itself must do. */
function findByMark(arriving: PausedDocument, stored: TaskDocument): Match {
  const { mark } = arriving.point;
  // The message was resumed before, and whoever came between dropped the trail. In a loop the next round's message may
  // then equal this one to the letter; only a gateway's time tells them apart.
  const trailWasLost = arriving.message.route.prev.includes(resumeActor);
  const isSame = (point: PastPausePoint): boolean =>
    // A pause point beyond a run's first was reached with a trail, so it is not this message's.
    point.sequence === 1 &&
    point.mark.digest === mark.digest &&
    point.mark.createdAt === mark.createdAt &&
    (stored.state === "paused" || !trailWasLost || mark.createdAt !== null);
  if (isSame(stored.point)) return "current";
  return stored.history.some(isSame) ? "past" : undefined;
}

function isSamePlace(arriving: PausedDocument, stored: PausedDocument): boolean {
  return (
    stored.point.sequence === 1 &&
    arriving.point.mark.createdAt === stored.point.mark.createdAt &&
    placeOf(arriving) === placeOf(stored)
  );
}

function placeOf({ message: { route } }: PausedDocument): string {
  return JSON.stringify([route.prev, route.curr, route.next]);
}
