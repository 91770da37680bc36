import * as v from "valibot";

import { isNestedDeeper } from "../json/json-nesting.ts";
import { isJsonNumber, isJsonObject, parseLosslessJson } from "../json/lossless-json.ts";
import type { JsonObject } from "../json/lossless-json.ts";
import { CheckpointError } from "../store/checkpoint-error.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import type { StoredAnswer } from "./hold-answer.ts";
import type { StoredAsk } from "./hold-ask.ts";
import { holdIdOfKey, holdKey, holdPrefix } from "./hold-id.ts";
import type { QuestionField } from "./question-fields.ts";
import type { HoldDocument } from "./hold-document.ts";
import type { HoldDocuments, ReservedRoom } from "./machine/hold-documents.ts";

/** The hold of a program, in one of its states. */
export type ProgramHold = HoldDocument<StoredAsk, StoredAnswer>;

const formatVersion = 1;

// Content may be 900 levels deep, and a document holds it some levels down.
const maxLevels = 1_000;

const text = v.string();
// What a record of valibot's holds under constructor, prototype or __proto__ it leaves out without a word.
const isRecordOfText = (value: unknown): boolean =>
  isJsonObject(value) && Object.values(value).every((each) => typeof each === "string");
const anyObject = v.custom<JsonObject>(isJsonObject, "expected an object");
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const time = v.pipe(
  text,
  v.check((at) => !Number.isNaN(Date.parse(at)), "expected a time"),
);
const person = v.union([text, v.object({ issuer: text, subject: text })]);
const end = v.object({ at: time, by: v.optional(person), reason: v.optional(text) });
const given = v.object({
  decision: v.optional(text),
  value: v.optional(v.unknown()),
  content: v.optional(v.unknown()),
  comment: v.optional(text),
});
const voteEntries = {
  given,
  by: person,
  via: v.optional(person),
  at: time,
  approving: v.boolean(),
  byExpiry: v.optional(v.boolean()),
};
const answer = v.object({ ...voteEntries, votes: v.optional(v.array(v.object(voteEntries))) });
const ask = v.object({
  question: v.object({
    kind: v.picklist(["approval", "input"]),
    message: text,
    details: v.optional(text),
    decisions: v.array(v.object({ name: text, label: v.optional(text), approving: v.boolean() })),
    schema: v.optional(anyObject),
    fields: v.optional(v.array(v.custom<QuestionField>(isField, "expected a field"))),
  }),
  content: v.unknown(),
  savedState: v.optional(v.union([v.object({ text }), v.object({ base64: text })])),
  digest: text,
  idempotencyKey: text,
  openedAt: time,
  openedBy: v.optional(person),
  openedVia: v.optional(person),
  expiry: v.optional(v.object({ at: time, answer: v.optional(v.object({ given, approving: v.boolean() })) })),
  approvals: count,
  notBy: v.array(person),
  labels: v.custom<Readonly<Record<string, string>>>(isRecordOfText, "expected labels"),
});
const claim = v.object({
  token: text,
  attempt: count,
  at: time,
  worker: text,
  leaseMs: v.pipe(v.number(), v.minValue(1)),
  whenInDoubt: v.picklist(["stop", "again"]),
});
const receipt = v.variant("kept", [
  v.object({ kept: v.literal(true), value: v.optional(v.unknown()) }),
  v.object({
    kept: v.literal(false),
    omitted: v.picklist(["too-large", "not-json", "pruned"]),
    problem: v.optional(text),
  }),
]);
const doings = [
  "opened",
  "voted",
  "answered",
  "claimed",
  "finished",
  "freed",
  "doubted",
  "settled",
  "canceled",
  "expired",
  "pruned",
] as const;
const base = {
  nonce: text,
  log: v.array(
    v.object({
      at: time,
      did: v.picklist(doings),
      by: v.optional(person),
      via: v.optional(person),
      clock: v.optional(text),
      input: v.optional(v.unknown()),
    }),
  ),
  logCut: count,
};
const documentSchema = v.variant("state", [
  v.object({ state: v.literal("waiting"), ...base, ask, votes: v.array(answer) }),
  v.object({ state: v.literal("answered"), ...base, ask, answer, attempts: count }),
  v.object({ state: v.literal("acting"), ...base, ask, answer, claim }),
  v.object({
    state: v.literal("in-doubt"),
    ...base,
    ask,
    answer,
    claim,
    doubt: v.object({ at: time, why: v.picklist(["threw", "went-silent"]), problem: v.optional(text) }),
  }),
  v.object({ state: v.literal("done"), ...base, ask, answer, claim, receipt, end, settled: v.boolean() }),
  v.object({ state: v.literal("rejected"), ...base, ask, answer, end }),
  v.object({ state: v.literal("canceled"), ...base, ask, answer: v.optional(answer), end }),
  v.object({ state: v.literal("expired"), ...base, ask, end }),
  v.object({
    state: v.literal("stub"),
    ...base,
    ended: v.picklist(["done", "rejected", "canceled", "expired"]),
    digest: text,
    end,
  }),
  v.object({ state: v.literal("forgotten"), ...base }),
]);

function isField(value: unknown): boolean {
  return isJsonObject(value) && typeof value["name"] === "string" && typeof value["type"] === "string";
}

function decode(
  { body }: { readonly body: Uint8Array },
  id: string,
  store: Pick<CheckpointStore, "backend" | "location">,
): ProgramHold {
  const corrupt = (problem: string): CheckpointError => corruptHold(id, store, problem);
  let value: unknown;
  try {
    value = parseLosslessJson(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    // What the engine says quotes a piece of somebody's content.
    throw corrupt(body.byteLength === 0 ? "it is empty" : "it is not JSON");
  }
  if (!isJsonObject(value)) throw corrupt("it is not a JSON object");
  // A level takes two signs, so nearly every document is too short to be looked through.
  if (body.byteLength > 2 * maxLevels && isNestedDeeper(value, maxLevels))
    throw corrupt(`it is nested more than ${maxLevels} levels deep`);
  const format = isJsonNumber(value["format"]) ? Number(JSON.stringify(value["format"])) : undefined;
  if (format !== formatVersion) {
    throw corrupt(
      format !== undefined && format > formatVersion
        ? `its format is ${format}, and this version of the program reads formats up to ${formatVersion}; upgrade it`
        : `format: expected the number ${formatVersion}`,
    );
  }
  const result = v.safeParse(documentSchema, value);
  if (!result.success) {
    const [issue] = result.issues;
    throw corrupt(`${v.getDotPath(issue) ?? "the document"}: expected ${issue.expected ?? "something else"}`);
  }
  return { ...result.output, id };
}

function corruptHold(
  id: string,
  store: Pick<CheckpointStore, "backend" | "location">,
  problem: string,
): CheckpointError {
  const key = holdKey(id);
  return new CheckpointError(
    "corrupt",
    `${store.backend}: the document ${JSON.stringify(key)} at ${store.location} cannot be read as a hold: ${problem}. It was left as it is. Repair or remove it.`,
    { backend: store.backend, operation: "get", key },
  );
}

/** For the answer while a hold waits, and for who acts and what came of it after. */
function reserve({ state }: ProgramHold, maxBodyBytes: number): ReservedRoom | undefined {
  if (state === "waiting") return { bytes: Math.min(1024 * 1024, Math.floor(maxBodyBytes / 8)), for: "an answer" };
  if (state !== "answered") return undefined;
  return { bytes: Math.min(64 * 1024, Math.floor(maxBodyBytes / 32)), for: "what comes of it" };
}

/** How the holds of programs are written and read. */
export const programDocuments: HoldDocuments<ProgramHold> = {
  prefixes: [holdPrefix],
  key: holdKey,
  idOfKey: holdIdOfKey,
  idOf: ({ id }) => id,
  subject: (id) => `the hold ${JSON.stringify(id)}`,
  contentName: "content",
  encode: ({ id, ...document }, nonce) =>
    // First whatever names the hold, so that a person sees it first.
    Buffer.from(JSON.stringify({ id, format: formatVersion, ...document, nonce })),
  decode,
  nonceOf: ({ nonce }) => nonce,
  reserve,
  endedAt: (document) => ("end" in document ? new Date(document.end.at) : undefined),
  stub: (document) => {
    if (document.state === "stub" || !("end" in document)) return undefined;
    const { id, state, ask: asked, end: ended, log, logCut } = document;
    return { state: "stub", id, ended: state, digest: asked.digest, end: ended, log: [], logCut: logCut + log.length };
  },
};
