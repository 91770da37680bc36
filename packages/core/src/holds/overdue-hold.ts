import type { StoredAnswer } from "./hold-answer.ts";
import type { StoredAsk } from "./hold-ask.ts";
import type { WaitingDocument } from "./hold-document.ts";
import { logged } from "./hold-log.ts";
import type { HoldEnvironment } from "./machine/hold-environment.ts";
import type { ProgramHold } from "./program-documents.ts";

/** Whether the time of what waits is over, clocks that differ a little included. */
export function isOverdue(document: ProgramHold, environment: HoldEnvironment): boolean {
  if (document.state !== "waiting" || document.ask.expiry === undefined) return false;
  return environment.now().getTime() >= Date.parse(document.ask.expiry.at) + environment.expiryMarginMs;
}

/** What becomes of a hold whose time is over. */
export function expired(waiting: WaitingDocument<StoredAsk, StoredAnswer>, environment: HoldEnvironment): ProgramHold {
  const { id, ask, votes } = waiting;
  const at = environment.now().toISOString();
  const log = logged(waiting, environment, { did: "expired", by: environment.worker });
  const answer = ask.expiry?.answer;
  if (answer === undefined) return { state: "expired", id, ask, ...log, end: { at } };
  const stored: StoredAnswer = { ...answer, by: environment.worker, at, byExpiry: true, votes };
  return answer.approving
    ? { state: "answered", id, ask, ...log, answer: stored, attempts: 0 }
    : { state: "rejected", id, ask, ...log, answer: stored, end: { at } };
}
