import type { HoldAnswer } from "./hold-answer.ts";
import { checkAnswer, readAnswer } from "./hold-answer.ts";
import { HoldError } from "./hold-error.ts";
import type { StoredQuestion } from "./question.ts";

/** For how long a question waits, and what happens then. */
export interface ExpiryRequest {
  /** Until when the question waits. @default for ever */
  readonly expiresAt?: Date | undefined;
  /** For how long the question waits, in milliseconds. @default for ever */
  readonly expiresInMs?: number | undefined;
  /** What happens when its time is over: `cancel`, or an answer that then counts. @default "cancel" */
  readonly onExpiry?: "cancel" | HoldAnswer | undefined;
  /**
   * Names the decision of `onExpiry` once more, or `value` for an input, where it lets act: silence approves only if
   * somebody has said so. @default none
   */
  readonly allowOnExpiry?: string | undefined;
}

/** An expiry as it is kept. */
export interface StoredExpiry {
  readonly at: string;
  /** What counts then; without it, the hold is over. */
  readonly answer?: { readonly given: HoldAnswer; readonly approving: boolean } | undefined;
}

// https://tc39.es/ecma262/#sec-time-values-and-time-range
const maxDateMs = 8.64e15;

/** @throws {HoldError} `invalid-argument` */
export async function readExpiry(
  { expiresAt, expiresInMs, onExpiry = "cancel", allowOnExpiry }: ExpiryRequest,
  question: StoredQuestion,
  now: Date,
): Promise<StoredExpiry | undefined> {
  if (expiresAt === undefined && expiresInMs === undefined) {
    if (onExpiry !== "cancel") throw invalid("onExpiry", "it needs expiresAt or expiresInMs");
    return undefined;
  }
  if (expiresAt !== undefined && expiresInMs !== undefined) throw invalid("expiresAt", "expiresInMs is given as well");
  const atMs = expiresAt === undefined ? now.getTime() + Number(expiresInMs) : Number(expiresAt);
  if (!(atMs <= maxDateMs)) throw invalid(expiresAt === undefined ? "expiresInMs" : "expiresAt", "it is no time");
  if (atMs <= now.getTime()) {
    throw invalid(
      expiresAt === undefined ? "expiresInMs" : "expiresAt",
      `${new Date(atMs).toISOString()} is over already: it is ${now.toISOString()} by the clock of this machine`,
    );
  }
  const at = new Date(atMs).toISOString();
  if (onExpiry === "cancel") return { at };
  const given = readAnswer(onExpiry);
  const { violations, approving } = await checkAnswer(given, question);
  if (violations.length > 0) throw invalid("onExpiry", violations.join("; "));
  const name = given.decision ?? "value";
  if (approving && allowOnExpiry !== name) {
    throw invalid(
      "onExpiry",
      `${JSON.stringify(name)} lets act although nobody has answered; say allowOnExpiry: ${JSON.stringify(name)} if that is meant`,
    );
  }
  return { at, answer: { given, approving } };
}

function invalid(where: string, problem: string): HoldError {
  return new HoldError("invalid-argument", `${where}: ${problem}.`);
}
