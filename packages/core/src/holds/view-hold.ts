import type { StoredAnswer } from "./hold-answer.ts";
import { holdKey } from "./hold-id.ts";
import type { AnswerSummary, GivenAnswer, HoldDetails, HoldState, HoldSummary } from "./holds.ts";
import type { HoldEnvironment } from "./machine/hold-environment.ts";
import type { Located } from "./machine/hold-documents.ts";
import { isOverdue } from "./overdue-hold.ts";
import type { ProgramHold } from "./program-documents.ts";

/** Where a hold stands. */
export function stateOf(document: Exclude<ProgramHold, { state: "forgotten" }>): HoldState {
  return document.state === "stub" ? document.ended : document.state;
}

/** The same, and `expired` where its time is over and nobody has written that down yet. */
export function stateNow(
  document: Exclude<ProgramHold, { state: "forgotten" }>,
  environment: HoldEnvironment,
): HoldState {
  return isOverdue(document, environment) ? "expired" : stateOf(document);
}

/** Whether there is a hold at all. */
export function isHold(document: ProgramHold | undefined): document is Exclude<ProgramHold, { state: "forgotten" }> {
  return document !== undefined && document.state !== "forgotten";
}

/** An answer as whoever acts or looks gets it. */
export function givenAnswer({ given, by, via, at, approving, byExpiry = false }: StoredAnswer): GivenAnswer {
  return { ...given, by, via, at: new Date(at), approving, byExpiry };
}

/** `undefined` for what is no hold. */
export function summaryOf(document: ProgramHold, environment: HoldEnvironment): HoldSummary | undefined {
  if (!isHold(document)) return undefined;
  const { id } = document;
  const isDue = isOverdue(document, environment);
  const base = { id, key: holdKey(id), state: stateNow(document, environment), since: sinceOf(document), isDue };
  if (document.state === "stub") {
    const nothing = {
      message: undefined,
      openedAt: undefined,
      openedBy: undefined,
      openedVia: undefined,
      expiresAt: undefined,
    };
    return { ...base, ...nothing, labels: {}, answers: [], pruned: true };
  }
  const { question, labels, openedAt, openedBy, openedVia, expiry } = document.ask;
  const { message } = question;
  const expiresAt = expiry === undefined ? undefined : new Date(expiry.at);
  const asked = { message, labels, openedAt: new Date(openedAt), openedBy, openedVia, expiresAt };
  return { ...base, ...asked, answers: answersOf(document).map(answerSummary), pruned: false };
}

/** `undefined` for what is no hold. */
export function detailsOf(
  { document, version }: Located<ProgramHold>,
  environment: HoldEnvironment,
): HoldDetails | undefined {
  const summary = summaryOf(document, environment);
  if (summary === undefined) return undefined;
  const ask = "ask" in document ? document.ask : undefined;
  const answer = "answer" in document ? document.answer : undefined;
  const end = "end" in document ? document.end : undefined;
  return {
    ...summary,
    version,
    question: ask?.question,
    content: ask?.content,
    approvals: ask?.approvals ?? 1,
    notBy: ask?.notBy ?? [],
    votes: votesOf(document).map(givenAnswer),
    answer: answer === undefined ? undefined : givenAnswer(answer),
    claim: "claim" in document ? claimOf(document.claim) : undefined,
    doubt: document.state === "in-doubt" ? { ...document.doubt, at: new Date(document.doubt.at) } : undefined,
    receipt: document.state === "done" && document.receipt.kept ? document.receipt.value : undefined,
    omitted: omittedOf(document),
    endedBy: end?.by,
    reason: end?.reason,
    log: document.log,
    logCut: document.logCut,
  };
}

function votesOf(document: ProgramHold): readonly StoredAnswer[] {
  if (document.state === "waiting") return document.votes;
  return ("answer" in document ? document.answer?.votes : undefined) ?? [];
}

/** What people answered, which the end of its time did not. */
function answersOf(document: ProgramHold): readonly StoredAnswer[] {
  const decided = "answer" in document && document.answer !== undefined ? [document.answer] : [];
  return [...votesOf(document), ...decided].filter(({ byExpiry }) => byExpiry !== true);
}

function answerSummary({ by, at, given }: StoredAnswer): AnswerSummary {
  return { by, at: new Date(at), decision: given.decision };
}

function claimOf({
  attempt,
  at,
  worker,
  whenInDoubt,
}: {
  readonly attempt: number;
  readonly at: string;
  readonly worker: string;
  readonly whenInDoubt: "stop" | "again";
}): HoldDetails["claim"] {
  return { attempt, at: new Date(at), worker, whenInDoubt };
}

function omittedOf(document: ProgramHold): HoldDetails["omitted"] {
  if (document.state === "stub") return document.ended === "done" ? "pruned" : undefined;
  return document.state === "done" && !document.receipt.kept ? document.receipt.omitted : undefined;
}

function sinceOf(document: Exclude<ProgramHold, { state: "forgotten" }>): Date {
  if ("end" in document) return new Date(document.end.at);
  switch (document.state) {
    case "waiting":
      return new Date(document.ask.openedAt);
    case "answered":
      return new Date(document.answer.at);
    case "acting":
      return new Date(document.claim.at);
    case "in-doubt":
      return new Date(document.doubt.at);
  }
}
