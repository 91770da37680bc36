import { jsonProblem } from "../json/json-problem.ts";
import { canonicalJson } from "../json/lossless-json.ts";
import { HoldError } from "./hold-error.ts";
import type { Person } from "./hold-document.ts";
import { validateAgainst } from "./question-schema.ts";
import type { StoredQuestion } from "./question.ts";

/** What a person answers. */
export interface HoldAnswer {
  /** The name of one of the question's decisions. */
  readonly decision?: string | undefined;
  /** What is answered to a question for an input. */
  readonly value?: unknown;
  /** With the decision `edit`: the content in place of the one that was shown. */
  readonly content?: unknown;
  /** What the person says about it; `respond` needs it. */
  readonly comment?: string | undefined;
}

/** An answer as it is kept. */
export interface StoredAnswer {
  readonly given: HoldAnswer;
  readonly by: Person;
  readonly via?: Person | undefined;
  readonly at: string;
  /** Whether it lets act. */
  readonly approving: boolean;
  /** Whether nobody gave it, but the end of its time. */
  readonly byExpiry?: boolean | undefined;
  /** Those who had answered the same before, where one did not suffice. */
  readonly votes?: readonly StoredAnswer[] | undefined;
}

const maxCommentCharacters = 65_536;

/** Whether two answers are equal to the letter. */
export function isEqualAnswer(left: HoldAnswer, right: HoldAnswer): boolean {
  return canonicalJson(left) === canonicalJson(right);
}

/** Whether two answers decide the same, whatever is said about it. */
export function agrees(left: HoldAnswer, right: HoldAnswer): boolean {
  return isEqualAnswer({ ...left, comment: undefined }, { ...right, comment: undefined });
}

/**
 * An answer's form, before anybody knows the question.
 *
 * @throws {HoldError} `invalid-argument`
 */
export function readAnswer(answer: HoldAnswer): HoldAnswer {
  if (typeof answer !== "object" || answer === null) {
    throw new HoldError("invalid-argument", 'The answer: expected an object, such as { decision: "approve" }.');
  }
  const unknownName = Object.keys(answer).find((name) => !["decision", "value", "content", "comment"].includes(name));
  const problem = unknownName === undefined ? jsonProblem(answer, "the answer") : `it has no ${unknownName}`;
  if (problem !== undefined) throw new HoldError("invalid-argument", `The answer is not one: ${problem}.`);
  // What is undefined is not stored, so an answer delivered again has to look the same.
  return Object.fromEntries(Object.entries(answer).filter(([, value]) => value !== undefined));
}

/** Every fault of an answer to a question, and whether the answer lets act. */
export async function checkAnswer(
  answer: HoldAnswer,
  question: StoredQuestion,
): Promise<{ readonly violations: readonly string[]; readonly approving: boolean }> {
  const { decision: name, comment } = answer;
  const violations: string[] = [];
  const decision = question.decisions.find((known) => known.name === name);
  if (question.kind === "input") {
    if (name !== undefined) violations.push("decision is given; the question asks for a value");
    if (answer.content !== undefined) violations.push("content is given; the question asks for a value");
    if (answer.value === undefined) violations.push("value is missing");
    else violations.push(...(await faults(question, answer.value, "value")));
  } else {
    if (answer.value !== undefined) violations.push("value is given; the question asks for a decision");
    if (decision === undefined) {
      const names = question.decisions.map((known) => JSON.stringify(known.name)).join(", ");
      violations.push(`decision is ${JSON.stringify(name) ?? "missing"}; expected one of ${names}`);
    }
    if (name !== "edit" && answer.content !== undefined) violations.push("content is given; only edit takes it");
    if (name === "edit" && answer.content === undefined) violations.push("content is missing; edit needs it");
    else if (name === "edit") violations.push(...(await faults(question, answer.content, "content")));
    if (name === "respond" && (comment ?? "") === "") violations.push("comment is missing; respond needs it");
  }
  if (comment !== undefined && typeof comment !== "string") violations.push("comment is not text");
  if (typeof comment === "string" && comment.length > maxCommentCharacters) {
    violations.push(`comment has ${comment.length} characters; at most ${maxCommentCharacters} are allowed`);
  }
  return { violations, approving: question.kind === "input" || (decision?.approving ?? false) };
}

async function faults({ schema }: StoredQuestion, value: unknown, name: string): Promise<readonly string[]> {
  if (schema === undefined) return [];
  try {
    return (await validateAgainst(schema, value)).map((fault) => `${name}: ${fault}`);
  } catch (error) {
    return [`${name} cannot be checked: ${(error as Error).message}`];
  }
}
