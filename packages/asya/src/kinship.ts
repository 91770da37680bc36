import { a2aTaskHeader, textHeader } from "./asya-headers.ts";
import type { PauseDocument, PausedDocument, ResumedDocument, TaskDocument } from "./pause-document.ts";
import type { PausePoint } from "./pause-point.ts";
import { isSamePoint } from "./pause-point.ts";

// An equal id is not kinship: tasks 42 and resume-42 are strangers, although the answer to one may be called like the
// other. Here is what a document must show before it counts as the one that somebody means.

/** How far the clocks of two pods may be apart. */
const clockMarginMs = 60_000;

/**
 * Whether a document shows that its task is called by a name: its own id, one that it has recorded, or one under which
 * one of its messages went. Any of them may be all that a gateway knows.
 */
export function answersTo(document: TaskDocument, name: string): boolean {
  const { taskId, point, aliases, history } = document;
  if (name === taskId || aliases.includes(name) || name === point.envelopeId || name === a2aTaskIdOf(document)) {
    return true;
  }
  if (document.state === "resumed" && document.resumption.mark.id === name) return true;
  return history.some(({ envelopeId, resumption }) => envelopeId === name || resumption?.mark.id === name);
}

/**
 * Whether a second id may lead to a document: the document answers to it, or it is a task that went on under its own id
 * after it had lost its headers, and with them the second id.
 */
export function isCalledBy(document: PauseDocument | undefined, secondId: string): boolean {
  if (document === undefined || document.state === "alias") return false;
  return answersTo(document, secondId) || (document.point.continues === true && document.history.length > 0);
}

/**
 * Whether a document tells of the task that went on under the id of the message that resumed it. One of the same run has
 * our trail: another x-pause kept it with the headers. Where the trail was lost, the first pause point there shows by its
 * route that the message had been resumed; a task of its own, which has that id by chance, begins otherwise.
 */
export function continuesTask(document: TaskDocument, resumed: ResumedDocument): boolean {
  if (document.point.run === resumed.point.run) return true;
  const [first = document.point] = document.history;
  if (!showsResumption(first, document)) return false;
  if (Date.parse(first.pausedAt ?? "") + clockMarginMs < Date.parse(resumed.resumption.at)) return false;
  const [mine, other] = [a2aTaskIdOf(resumed), a2aTaskIdOf(document)];
  return mine === undefined || other === undefined || mine === other;
}

/** Whether a document holds a pause point still, or tells how it was left: then a copy that was set aside is void. */
export function hasKept(document: TaskDocument, point: PausePoint): boolean {
  return (
    isSamePoint(document.point, point) ||
    document.history.some((past) => past.resumption !== undefined && isSamePoint(past, point))
  );
}

function showsResumption(first: PausePoint, document: TaskDocument): boolean {
  if (first.continues === true) return true;
  // The first version of the format did not note it.
  if (first !== document.point || first.sequence !== 1 || document.state !== "paused") return false;
  return document.message.route.prev.includes("x-resume");
}

/** The children of a fan-out carry their parent's A2A id, but only the parent answers to it. */
function a2aTaskIdOf(document: TaskDocument): string | undefined {
  const headers = headersOf(document);
  return headers === undefined ? undefined : textHeader(headers, a2aTaskHeader);
}

function headersOf(document: TaskDocument): PausedDocument["message"]["headers"] | undefined {
  switch (document.state) {
    case "paused":
      return document.message.parent_id === undefined ? document.message.headers : undefined;
    case "resumed":
      return document.parentId === undefined ? document.result?.message.headers : undefined;
    case "canceled":
      return document.kept?.message.parent_id === undefined ? document.kept?.message.headers : undefined;
  }
}
