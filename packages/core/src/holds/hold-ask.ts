import { createHash } from "node:crypto";
import { types } from "node:util";

import { jsonProblem } from "../json/json-problem.ts";
import { canonicalJson } from "../json/lossless-json.ts";
import { HoldError } from "./hold-error.ts";
import type { ExpiryRequest, StoredExpiry } from "./hold-expiry.ts";
import { readExpiry } from "./hold-expiry.ts";
import { assertKnownNames } from "./known-names.ts";
import type { Person } from "./hold-document.ts";
import { readPerson } from "./person.ts";
import type { Question, StoredQuestion } from "./question.ts";
import { readQuestion } from "./question.ts";

/** What is asked, about what. */
export interface HoldRequest extends ExpiryRequest {
  /** What a person is asked. */
  readonly ask: Question;
  /** What it is about: JSON that a person is shown, and that work is given. @default null */
  readonly content?: unknown;
  /**
   * What your program needs to go on: text or bytes, kept and returned as it was, shown to nobody. @default none
   */
  readonly savedState?: string | Uint8Array | undefined;
  /**
   * What tells this question from another under the same id, where message or content differ at each run, such as a
   * model's wording. @default message, details and content
   */
  readonly fingerprint?: string | undefined;
  /** How many different people must approve the same. @default 1 */
  readonly approvals?: number | undefined;
  /** Who may not answer, such as whoever asked. @default nobody */
  readonly notBy?: readonly Person[] | undefined;
  /** Short names and values, for listing and for rights. @default none */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** An ask as it is kept. */
export interface StoredAsk {
  readonly question: StoredQuestion;
  readonly content: unknown;
  readonly savedState?: StoredBytes | undefined;
  /** Of what was shown: equal digests are the same question. */
  readonly digest: string;
  /** What the payee may know the effect by: the same for every attempt. */
  readonly idempotencyKey: string;
  readonly openedAt: string;
  readonly openedBy?: Person | undefined;
  readonly openedVia?: Person | undefined;
  readonly expiry?: StoredExpiry | undefined;
  readonly approvals: number;
  readonly notBy: readonly Person[];
  readonly labels: Readonly<Record<string, string>>;
}

/** Text or bytes, in JSON. */
export type StoredBytes = { readonly text: string } | { readonly base64: string };

const maxApprovals = 100;
const maxLabels = 32;
const maxLabelCharacters = 256;

const requestNames = Object.keys({
  ask: true,
  content: true,
  savedState: true,
  fingerprint: true,
  approvals: true,
  notBy: true,
  labels: true,
  expiresAt: true,
  expiresInMs: true,
  onExpiry: true,
  allowOnExpiry: true,
} satisfies Record<keyof HoldRequest, true>);

/** @throws {HoldError} `invalid-argument` */
export async function readRequest(
  request: HoldRequest,
  now: Date,
): Promise<Omit<StoredAsk, "idempotencyKey" | "openedAt" | "openedBy">> {
  if (typeof request !== "object" || request === null) throw invalid("The request", "expected an object with ask");
  assertKnownNames(request, requestNames, "The request");
  const { ask, content = null, savedState, fingerprint, approvals = 1, notBy = [], labels = {} } = request;
  const question = await readQuestion(ask);
  const problem = jsonProblem(content, "content");
  if (problem !== undefined) throw invalid("content", `expected JSON, and ${problem}`);
  if (!Number.isInteger(approvals) || approvals < 1 || approvals > maxApprovals) {
    throw invalid("approvals", `expected a whole number from 1 to ${maxApprovals}`);
  }
  const expiry = await readExpiry(request, question, now);
  if (!Array.isArray(notBy)) throw invalid("notBy", "expected a list of people");
  return {
    question,
    content,
    ...(savedState === undefined ? {} : { savedState: storeBytes(savedState) }),
    digest: digestOf(question, content, fingerprint),
    ...(expiry === undefined ? {} : { expiry }),
    approvals,
    notBy: notBy.map((person, index) => readPerson(person, `notBy[${index}]`)),
    labels: readLabels(labels),
  };
}

/** What was kept of text or bytes, as it was. */
export function restoreBytes(stored: StoredBytes | undefined): string | Uint8Array | undefined {
  if (stored === undefined) return undefined;
  return "text" in stored ? stored.text : new Uint8Array(Buffer.from(stored.base64, "base64"));
}

function storeBytes(value: string | Uint8Array): StoredBytes {
  if (typeof value === "string") return { text: value };
  if (types.isUint8Array(value)) return { base64: Buffer.from(value).toString("base64") };
  throw invalid("savedState", "expected text or a Uint8Array; write other values as JSON first");
}

function digestOf(question: StoredQuestion, content: unknown, fingerprint: string | undefined): string {
  if (fingerprint !== undefined && (typeof fingerprint !== "string" || fingerprint === "")) {
    throw invalid("fingerprint", "expected text that is not empty");
  }
  const { message, details } = question;
  // What was shown, and nothing of how it is rendered or for how long it waits.
  const shown = fingerprint === undefined ? { message, details, content } : { fingerprint };
  return createHash("sha256").update(canonicalJson(shown)).digest("hex").slice(0, 32);
}

function readLabels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = typeof labels === "object" && labels !== null ? Object.entries(labels) : undefined;
  if (entries === undefined || entries.length > maxLabels || !entries.flat().every(isLabel)) {
    throw invalid(
      "labels",
      `expected at most ${maxLabels} names with values, all text of 1 to ${maxLabelCharacters} characters`,
    );
  }
  return Object.fromEntries(entries);
}

function isLabel(text: unknown): boolean {
  return typeof text === "string" && text !== "" && text.length <= maxLabelCharacters;
}

function invalid(where: string, problem: string): HoldError {
  return new HoldError("invalid-argument", `${where}: ${problem}.`);
}
