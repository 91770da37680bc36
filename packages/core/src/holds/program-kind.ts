import type { HoldAnswer, StoredAnswer } from "./hold-answer.ts";
import { agrees, checkAnswer, isEqualAnswer } from "./hold-answer.ts";
import type { StoredAsk } from "./hold-ask.ts";
import { HoldError } from "./hold-error.ts";
import { expired, isOverdue } from "./hold-expiry.ts";
import { logged } from "./hold-log.ts";
import type { Person, WaitingDocument } from "./machine/hold-document.ts";
import type { HoldEnvironment } from "./machine/hold-environment.ts";
import type { HoldKind } from "./machine/hold-kind.ts";
import { isSamePerson, personName } from "./person.ts";
import type { ProgramHold } from "./program-documents.ts";
import { programDocuments } from "./program-documents.ts";

/** An answer as it arrives. */
export interface Given {
  readonly answer: HoldAnswer;
  readonly by: Person;
}

/** The holds of programs: ids are identity, and an answer is checked against its question. */
export function programKind(environment: HoldEnvironment): HoldKind<StoredAsk, Given, StoredAnswer> {
  return {
    relateAsks: (arriving, stored) => ({ relation: digestOf(stored) === arriving.digest ? "same" : "different" }),
    relateAnswers: (given, stored) => (answersOf(stored).some((answer) => isMine(given, answer)) ? "same" : "new"),
    applyAnswer: (given, waiting) => applyAnswer(given, waiting, environment),
    documents: programDocuments,
  };
}

/** Everything that was answered so far, the decisive answer first. */
function answersOf(document: ProgramHold): readonly StoredAnswer[] {
  if (document.state === "waiting") return document.votes;
  if (!("answer" in document) || document.answer === undefined) return [];
  return [document.answer, ...(document.answer.votes ?? [])];
}

function digestOf(document: ProgramHold): string | undefined {
  if ("ask" in document) return document.ask.digest;
  return document.state === "stub" ? document.digest : undefined;
}

function isMine(given: Given, answer: StoredAnswer): boolean {
  return answer.byExpiry !== true && isSamePerson(given.by, answer.by) && isEqualAnswer(given.answer, answer.given);
}

async function applyAnswer(
  given: Given,
  waiting: WaitingDocument<StoredAsk, StoredAnswer>,
  environment: HoldEnvironment,
): Promise<ProgramHold> {
  const { ask, votes, id } = waiting;
  if (isOverdue(waiting, environment)) return expired(waiting, environment);
  assertMayAnswer(given.by, waiting);
  const { violations, approving } = await checkAnswer(given.answer, ask.question);
  if (violations.length > 0) {
    throw new HoldError(
      "invalid-answer",
      `The answer does not fit the question of the hold ${JSON.stringify(id)}: ${violations.join("; ")}. The hold still waits.`,
      { id, violations },
    );
  }
  const at = environment.now().toISOString();
  const vote: StoredAnswer = { given: given.answer, by: given.by, at, approving };
  const entry = { by: given.by, input: given.answer };
  if (!approving) {
    const { votes: _votes, ...rest } = waiting;
    const answer = { ...vote, votes };
    return {
      ...rest,
      ...logged(waiting, environment, { did: "answered", ...entry }),
      state: "rejected",
      answer,
      end: { at, by: given.by },
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
