import type { HoldAnswer, StoredAnswer } from "./hold-answer.ts";
import { agrees, checkAnswer, isEqualAnswer } from "./hold-answer.ts";
import type { StoredAsk } from "./hold-ask.ts";
import { HoldError } from "./hold-error.ts";
import type { Person, WaitingDocument } from "./hold-document.ts";
import { logged } from "./hold-log.ts";
import type { HoldEnvironment } from "./machine/hold-environment.ts";
import type { Judgement } from "./machine/hold-machine.ts";
import { expired, isOverdue } from "./overdue-hold.ts";
import type { Doer } from "./person.ts";
import { isSamePerson, personName } from "./person.ts";
import type { ProgramHold } from "./program-documents.ts";
import { isHold } from "./view-hold.ts";

/** An answer as it arrives. */
export interface Given {
  readonly answer: HoldAnswer;
  readonly doer: Doer;
}

/** What an answer that arrives is to a hold; `refused`: the hold does not wait, and has another answer, or none. */
export type AnswerVerdict = "applied" | "found" | "refused" | "not-found";

/**
 * Judges an answer against the hold that it is for, and applies it where that one waits.
 *
 * @throws {HoldError} `invalid-answer`, `not-allowed`, `invalid-argument`, `already-voted`
 */
export async function judgeAnswer(
  given: Given,
  document: ProgramHold | undefined,
  environment: HoldEnvironment,
): Promise<Judgement<ProgramHold, AnswerVerdict>> {
  if (!isHold(document)) return { verdict: "not-found" };
  if (answersOf(document).some((answer) => isMine(given, answer))) return { verdict: "found" };
  if (document.state !== "waiting") return { verdict: "refused" };
  return { verdict: "applied", next: await applyAnswer(given, document, environment) };
}

/** Everything that was answered so far, the decisive answer first. */
function answersOf(document: ProgramHold): readonly StoredAnswer[] {
  if (document.state === "waiting") return document.votes;
  if (!("answer" in document) || document.answer === undefined) return [];
  return [document.answer, ...(document.answer.votes ?? [])];
}

function isMine(given: Given, answer: StoredAnswer): boolean {
  return (
    answer.byExpiry !== true && isSamePerson(given.doer.by, answer.by) && isEqualAnswer(given.answer, answer.given)
  );
}

async function applyAnswer(
  given: Given,
  waiting: WaitingDocument<StoredAsk, StoredAnswer>,
  environment: HoldEnvironment,
): Promise<ProgramHold> {
  const { ask, votes, id } = waiting;
  if (isOverdue(waiting, environment)) return expired(waiting, environment);
  assertMayAnswer(given.doer.by, waiting);
  const { violations, approving } = await checkAnswer(given.answer, ask.question);
  if (violations.length > 0) {
    throw new HoldError(
      "invalid-answer",
      `The answer does not fit the question of the hold ${JSON.stringify(id)}: ${violations.join("; ")}. The hold still waits.`,
      { id, violations },
    );
  }
  const at = environment.now().toISOString();
  const vote: StoredAnswer = { given: given.answer, ...given.doer, at, approving };
  const entry = { ...given.doer, input: given.answer };
  if (!approving) {
    const { votes: _votes, ...rest } = waiting;
    const answer = { ...vote, votes };
    return {
      ...rest,
      ...logged(waiting, environment, { did: "answered", ...entry }),
      state: "rejected",
      answer,
      end: { at, by: given.doer.by },
    };
  }
  const alike = votes.filter((other) => agrees(other.given, given.answer));
  if (alike.length + 1 < ask.approvals) {
    return { ...waiting, ...logged(waiting, environment, { did: "voted", ...entry }), votes: [...votes, vote] };
  }
  const { votes: _votes, ...rest } = waiting;
  return {
    ...rest,
    ...logged(waiting, environment, { did: "answered", ...entry }),
    state: "answered",
    answer: { ...vote, votes },
    attempts: 0,
  };
}

/** @throws {HoldError} `not-allowed`, `invalid-argument`, `already-voted` */
function assertMayAnswer(by: Person, { id, ask, votes }: WaitingDocument<StoredAsk, StoredAnswer>): void {
  // A name that anybody can type would let one person be two.
  if ((ask.approvals > 1 || ask.notBy.length > 0) && typeof by === "string") {
    throw new HoldError(
      "invalid-argument",
      `The hold ${JSON.stringify(id)} asks for certain people, so by must be { issuer, subject }, as whoever vouches for them says.`,
      { id },
    );
  }
  if (ask.notBy.some((person) => isSamePerson(person, by))) {
    throw new HoldError("not-allowed", `${personName(by)} may not answer the hold ${JSON.stringify(id)}.`, { id });
  }
  const earlier = votes.find((vote) => isSamePerson(vote.by, by));
  if (earlier !== undefined) {
    throw new HoldError(
      "already-voted",
      `${personName(by)} has voted on the hold ${JSON.stringify(id)} already, at ${earlier.at}, and otherwise.`,
      { id, by: earlier.by, at: earlier.at, agrees: false },
    );
  }
}
