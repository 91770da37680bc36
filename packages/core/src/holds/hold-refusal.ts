import type { CheckpointStore } from "../store/checkpoint-store.ts";
import type { HoldAnswer } from "./hold-answer.ts";
import { agrees } from "./hold-answer.ts";
import { HoldError } from "./hold-error.ts";
import { holdKey } from "./hold-id.ts";
import { personName } from "./person.ts";
import type { ProgramHold } from "./program-documents.ts";

/** The error for an id that nothing is stored under. */
export function notFound(store: CheckpointStore, id: string): HoldError {
  return new HoldError(
    "not-found",
    `There is no hold ${JSON.stringify(id)}: nothing is stored as ${JSON.stringify(holdKey(id))} at ${store.location}. Check the id, and that whoever asked uses the same store.`,
    { id },
  );
}

/** The error for an answer to a hold that does not wait. */
export function answerRefusal(document: ProgramHold, answer: HoldAnswer): HoldError {
  const { id } = document;
  const hold = `the hold ${JSON.stringify(id)}`;
  if (document.state === "canceled" || (document.state === "stub" && document.ended === "canceled")) {
    const { by, at, reason } = document.end;
    const why = reason === undefined ? "" : ` (${reason})`;
    return new HoldError(
      "canceled",
      `This answer was not taken: ${hold} was canceled by ${personName(by)} at ${at}${why}.`,
      { id, by, at },
    );
  }
  if (document.state === "expired" || (document.state === "stub" && document.ended === "expired")) {
    const { at } = document.end;
    return new HoldError("expired", `This answer was not taken: ${hold} expired at ${at}.`, { id, at });
  }
  if ("answer" in document && document.answer !== undefined) {
    const { by, at, given, byExpiry } = document.answer;
    if (byExpiry === true) {
      return new HoldError(
        "expired",
        `This answer was not taken: ${hold} expired, and its default answer was applied at ${at}.`,
        { id, at, agrees: agrees(given, answer) },
      );
    }
    const same = agrees(given, answer);
    return new HoldError(
      "already-answered",
      `This answer was not taken: ${hold} was answered by ${personName(by)} at ${at}, ${same ? "and that answer decides the same" : "and otherwise"}.`,
      { id, by, at, agrees: same },
    );
  }
  const at = "end" in document ? document.end.at : undefined;
  return new HoldError(
    "already-answered",
    `This answer was not taken: ${hold} ended${at === undefined ? "" : ` at ${at}`}, and what was answered has been pruned.`,
    { id, at },
  );
}
