import { relateTimes } from "./message-identity.ts";
import type { PausedDocument, TaskDocument } from "./pause-document.ts";
import { historyAfter } from "./pause-document.ts";
import type { PastPausePoint, PausePoint } from "./pause-point.ts";
import type { TrailFinding } from "./trail.ts";

/** A message that arrives at a pause point. */
export interface ArrivingPause {
  /** The document that it would become. */
  readonly document: PausedDocument;
  /** Whose trail it carries, which decides what can be known about its pause point. */
  readonly trail: TrailFinding;
}

/**
 * What a message that arrives at a pause point is to a document that is there already:
 *
 * - `same`: the pause that the document holds; `isCertain` unless it may be another task's, with other content
 * - `stale`: a pause point that the task has left
 * - `replace`: a new pause point, and the document has had its day
 * - `displace`: a new pause point, although the document still waits
 */
export type PauseJudgement =
  | { readonly kind: "same"; readonly waiting: PausedDocument; readonly isCertain: boolean }
  | { readonly kind: "stale" }
  | ({ readonly kind: "replace" } & Inheritance)
  | ({ readonly kind: "displace"; readonly waiting: PausedDocument } & Inheritance);

/** What the new document takes over from the one that it replaces. */
interface Inheritance {
  readonly history: readonly PastPausePoint[];
  readonly aliases: readonly string[];
}

/**
 * Judges a message that pauses against the document under its key. When in doubt it is a new pause point: to pause
 * wrongly asks a person twice, to call a pause stale wrongly loses the task.
 */
export function judgePause(arriving: ArrivingPause, stored: TaskDocument): PauseJudgement {
  const relations = [stored.point, ...stored.history].map((point) => comparePoints(arriving, point));
  const [current = "other", ...past] = relations;
  if (stored.state === "paused") {
    if (current === "same" || current === "alike")
      return { kind: "same", waiting: stored, isCertain: arriving.trail.kind === "own" || isEqual(arriving, stored) };
    if (current === "passed" || past.some((relation) => relation !== "other")) return { kind: "stale" };
    // An actor that ran twice sends its message twice, not always with the same payload. The first one stays: a person
    // may be looking at it.
    if (isTwin(arriving, stored)) return { kind: "same", waiting: stored, isCertain: false };
    const inherited = inheritance(arriving, stored);
    return isSameRun(arriving, stored)
      ? { kind: "replace", ...inherited }
      : { kind: "displace", waiting: stored, ...inherited };
  }
  const isLeft = relations.some((relation) => relation === "same" || relation === "passed");
  return isLeft ? { kind: "stale" } : { kind: "replace", ...inheritance(arriving, stored) };
}

/**
 * What an arriving message's pause point is to one that a document remembers:
 *
 * - `same`: that very pause point
 * - `alike`: its content is the same, but it was resumed before, and whoever came between dropped the trail: it may be
 *   that pause point, or a loop's next round, which equals it to the letter
 * - `passed`: one before it in the same run
 * - `other`: any other
 */
type PointRelation = "same" | "alike" | "passed" | "other";

function comparePoints({ document, trail }: ArrivingPause, point: PausePoint): PointRelation {
  const { run, sequence, mark, continues } = document.point;
  // With a trail, run and sequence name the pause point; content does not count, since a loop may repeat it.
  if (trail.kind === "own") {
    if (point.run !== run || point.sequence < sequence) return "other";
    return point.sequence === sequence ? "same" : "passed";
  }
  // A pause point beyond a run's first was reached with a trail, so it is not this message's.
  if (point.sequence !== 1) return "other";
  const times = relateTimes(point.mark, mark);
  if (point.mark.digest !== mark.digest || times === "different") return "other";
  return continues === true && times === "unknown" ? "alike" : "same";
}

function isEqual({ document }: ArrivingPause, { point }: PausedDocument): boolean {
  return point.mark.digest === document.point.mark.digest;
}

function isSameRun({ document, trail }: ArrivingPause, { point }: TaskDocument): boolean {
  return trail.kind === "own" && point.run === document.point.run;
}

/** The same id at the same place, where no time of a gateway tells two tasks apart. */
function isTwin({ document, trail }: ArrivingPause, stored: PausedDocument): boolean {
  return (
    trail.kind !== "own" &&
    stored.point.sequence === 1 &&
    relateTimes(document.point.mark, stored.point.mark) !== "different" &&
    placeOf(document) === placeOf(stored)
  );
}

function placeOf({ message: { route } }: PausedDocument): string {
  return JSON.stringify([route.prev, route.curr, route.next]);
}

/** A task that goes on under its own id, without a trail, is still called by its second ids. */
function inheritance({ document }: ArrivingPause, stored: TaskDocument): Inheritance {
  const isContinued =
    document.point.continues === true &&
    stored.state === "resumed" &&
    stored.resumption.mark.id === document.point.envelopeId;
  const aliases = isContinued ? [...new Set([...stored.aliases, ...document.aliases])] : document.aliases;
  return { history: historyAfter(stored), aliases };
}
