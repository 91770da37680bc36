import { jsonProblem } from "../json/json-problem.ts";
import type { JsonObject } from "../json/lossless-json.ts";
import { HoldError } from "./hold-error.ts";
import { assertKnownNames } from "./known-names.ts";
import type { QuestionField } from "./question-fields.ts";
import { schemaOfFields } from "./question-fields.ts";
import type { QuestionSchema } from "./question-schema.ts";
import { readSchema } from "./question-schema.ts";

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
  /** What the content that `edit` gives must fit. @default any JSON */
  readonly schema?: QuestionSchema | undefined;
}

/** A question that is answered by a value. */
export interface InputQuestion {
  /** What a person is asked, in plain text. */
  readonly message: string;
  /** More about it, in Markdown. @default none */
  readonly details?: string | undefined;
  /** What the value must fit. Forms render the flat ones that MCP's elicitation knows; others are edited as JSON. */
  readonly schema: QuestionSchema;
  readonly decisions?: undefined;
}

/** A question that is answered by named values. */
export interface FieldsQuestion {
  /** What a person is asked, in plain text. */
  readonly message: string;
  /** More about it, in Markdown. @default none */
  readonly details?: string | undefined;
  /** The values. */
  readonly fields: readonly QuestionField[];
  readonly decisions?: undefined;
}

/** What is asked: an approval where there are decisions, or neither schema nor fields. */
export type Question = ApprovalQuestion | InputQuestion | FieldsQuestion;

/** A question as it is kept. */
export interface StoredQuestion {
  readonly kind: "approval" | "input";
  readonly message: string;
  readonly details?: string | undefined;
  /** None for an input. */
  readonly decisions: readonly StoredDecision[];
  /** What an input, or the content of an `edit`, must fit. */
  readonly schema?: JsonObject | undefined;
  /** The fields that the schema was made of, as they were. */
  readonly fields?: readonly QuestionField[] | undefined;
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
export async function readQuestion(question: Question): Promise<StoredQuestion> {
  if (typeof question !== "object" || question === null) throw invalid("ask", "expected an object with a message");
  assertKnownNames(question, ["message", "details", "decisions", "schema", "fields"], "ask");
  const { message, details } = question;
  assertText(message, "ask.message", maxMessageCharacters);
  if (details !== undefined) assertText(details, "ask.details", maxDetailsCharacters);
  const shown = { message, ...(details === undefined ? {} : { details }) };
  const fields = "fields" in question ? question.fields : undefined;
  const given = "schema" in question ? question.schema : undefined;
  if (fields !== undefined) {
    if (given !== undefined) throw invalid("ask.fields", "schema is given as well");
    if (question.decisions !== undefined) throw invalid("ask.fields", "decisions are given as well");
    const problem = jsonProblem(fields, "it");
    if (problem !== undefined) throw invalid("ask.fields", problem);
    const schema = await usable("ask.fields", async () => await readSchema(schemaOfFields(fields)));
    return { kind: "input", ...shown, decisions: [], schema, fields };
  }
  const schema = given === undefined ? {} : { schema: await usable("ask.schema", async () => await readSchema(given)) };
  if (question.decisions === undefined && given !== undefined)
    return { kind: "input", ...shown, decisions: [], ...schema };
  return {
    kind: "approval",
    ...shown,
    decisions: readDecisions(question.decisions ?? ["approve", "reject"]),
    ...schema,
  };
}

async function usable<Result>(where: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw invalid(where, (error as Error).message);
  }
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
  if (typeof decision !== "string") assertKnownNames(decision, ["name", "label", "approving"], where);
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
