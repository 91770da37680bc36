import { HoldError } from "./hold-error.ts";

/** One way to answer an approval. */
export interface Decision {
  readonly name: string;
  /** What a person sees. @default the name */
  readonly label?: string | undefined;
  /** Whether it lets act. Known for `approve`, `edit` (yes), `reject` and `respond` (no). */
  readonly approving?: boolean | undefined;
}

/** A question that is answered by one of several decisions. */
export interface ApprovalQuestion {
  /** What a person is asked, in plain text. */
  readonly message: string;
  /** More about it, in Markdown. @default none */
  readonly details?: string | undefined;
  /**
   * `approve`, `edit` (approve with another content), `reject`, `respond` (reject with a comment), or names of your own,
   * each said to be approving or not. @default ["approve", "reject"]
   */
  readonly decisions?: readonly (string | Decision)[] | undefined;
}

/** What is asked. */
export type Question = ApprovalQuestion;

/** A question as it is kept. */
export interface StoredQuestion {
  readonly kind: "approval";
  readonly message: string;
  readonly details?: string | undefined;
  readonly decisions: readonly StoredDecision[];
}

/** A decision as it is kept. */
export interface StoredDecision {
  readonly name: string;
  readonly label?: string | undefined;
  readonly approving: boolean;
}

const knownDecisions: ReadonlyMap<string, boolean> = new Map([
  ["approve", true],
  ["edit", true],
  ["reject", false],
  ["respond", false],
]);

const maxMessageCharacters = 16_384;
const maxDetailsCharacters = 262_144;
const maxDecisions = 32;
const maxNameCharacters = 128;

/** @throws {HoldError} `invalid-argument` */
export function readQuestion(question: Question): StoredQuestion {
  if (typeof question !== "object" || question === null) throw invalid("ask", "expected an object with a message");
  const { message, details, decisions = ["approve", "reject"] } = question;
  assertText(message, "ask.message", maxMessageCharacters);
  if (details !== undefined) assertText(details, "ask.details", maxDetailsCharacters);
  return {
    kind: "approval",
    message,
    ...(details === undefined ? {} : { details }),
    decisions: readDecisions(decisions),
  };
}

function readDecisions(decisions: readonly (string | Decision)[]): readonly StoredDecision[] {
  if (!Array.isArray(decisions) || decisions.length === 0 || decisions.length > maxDecisions) {
    throw invalid("ask.decisions", `expected a list of 1 to ${maxDecisions} decisions`);
  }
  const stored = decisions.map((decision, index) => readDecision(decision, `ask.decisions[${index}]`));
  if (new Set(stored.map(({ name }) => name)).size !== stored.length) {
    throw invalid("ask.decisions", "expected names that differ from one another");
  }
  return stored;
}

function readDecision(decision: string | Decision, where: string): StoredDecision {
  const { name, label, approving } = typeof decision === "string" ? { name: decision } : decision;
  assertText(name, `${where}.name`, maxNameCharacters);
  if (label !== undefined) assertText(label, `${where}.label`, maxNameCharacters);
  const known = knownDecisions.get(name);
  const means = approving ?? known;
  if (typeof means !== "boolean") {
    throw invalid(where, `say whether ${JSON.stringify(name)} is approving: { name, approving: true } or false`);
  }
  if (known !== undefined && means !== known) {
    throw invalid(where, `${JSON.stringify(name)} is ${known ? "always" : "never"} approving; take another name`);
  }
  return { name, ...(label === undefined ? {} : { label }), approving: means };
}

function assertText(value: unknown, where: string, maxCharacters: number): asserts value is string {
  if (typeof value !== "string" || value === "" || value.length > maxCharacters) {
    throw invalid(where, `expected text of 1 to ${maxCharacters} characters`);
  }
}

function invalid(where: string, problem: string): HoldError {
  return new HoldError("invalid-argument", `${where}: ${problem}.`);
}
