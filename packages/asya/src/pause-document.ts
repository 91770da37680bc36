import { CheckpointError } from "@holdpoint/core";
import type { CheckpointStore, JsonObject } from "@holdpoint/core";
import { isJsonNumber, isJsonObject, isNestedDeeper, parseLosslessJson } from "@holdpoint/core/json";
import * as v from "valibot";

import { maxDocumentLevels } from "./message-nesting.ts";
import type { OutgoingMessage, Route } from "./envelope.ts";
import type { PauseMark, ResumeMark } from "./message-identity.ts";
import { pauseMark } from "./message-identity.ts";
import type { PauseMetadata } from "./pause-metadata.ts";
import { readStoredMetadata } from "./pause-metadata.ts";

/** A message as it is kept while it is paused. */
interface StoredMessage {
  readonly parent_id?: string | undefined;
  readonly route: Route;
  readonly headers: JsonObject;
  readonly payload: JsonObject;
}

/** One pause point that the document's id has reached. */
interface PausePoint {
  readonly run: string;
  readonly sequence: number;
  /** The id of the envelope that paused. */
  readonly envelopeId: string;
  readonly pausedAt: string | null;
  readonly mark: PauseMark;
}

/** How a pause point was left. */
export interface Resumption {
  readonly at: string;
  readonly by: string;
  readonly mark: ResumeMark;
  /** Whether the resume message's id was made for it alone, rather than taken or derived from the task's. */
  readonly freshId: boolean;
}

/** A pause point that has been left, as a later document of the same id remembers it. */
export interface PastPausePoint extends PausePoint {
  readonly resumption?: Resumption | undefined;
}

interface TaskDocumentBase {
  readonly taskId: string;
  readonly point: PausePoint;
  /** Further ids that lead to the task. */
  readonly aliases: readonly string[];
  /** Oldest first. */
  readonly history: readonly PastPausePoint[];
}

/** A task that waits. */
export interface PausedDocument extends TaskDocumentBase {
  readonly state: "paused";
  readonly message: StoredMessage;
  readonly metadata: PauseMetadata;
}

/** What a resume made of the person's input. */
export interface ResumeOutcome {
  readonly input: JsonObject;
  readonly ignoredInput: readonly string[];
  /** The restored message, without the trail, which names the version of the very document that this is part of. */
  readonly message: OutgoingMessage;
  readonly metadata: PauseMetadata;
}

/** A task that went on. */
export interface ResumedDocument extends TaskDocumentBase {
  readonly state: "resumed";
  readonly resumption: Resumption;
  /** The parent of a fan-out's child. */
  readonly parentId?: string | undefined;
  /** `null` once it was pruned. */
  readonly result: ResumeOutcome | null;
}

/** A task that was ended. */
export interface CanceledDocument extends TaskDocumentBase {
  readonly state: "canceled";
  readonly cancellation: { readonly at: string; readonly by: string; readonly reason: string | null };
  /** `null` once it was pruned. */
  readonly kept: { readonly message: StoredMessage; readonly metadata: PauseMetadata } | null;
}

/** Another id of one or more tasks. */
export interface AliasDocument {
  readonly state: "alias";
  readonly taskId: string;
  readonly targets: readonly string[];
  readonly at: string;
}

/** The document of a task, in one of its states. */
export type TaskDocument = PausedDocument | ResumedDocument | CanceledDocument;
/** Whatever may stand under a key of the ledger. */
export type PauseDocument = TaskDocument | AliasDocument;

/** Where a paused message goes when it is resumed. */
export const resumeActor = "x-resume";
/** The run of a document that another x-pause wrote: it has none. */
export const foreignRun = "";
const keyPrefix = "paused/";
const keySuffix = ".json";
const formatVersion = 1;

// A pause point that is not remembered any more pauses once more if its message is delivered again.
const maxHistory = 100;

/** The pause points that a new document of the same id remembers once this one has had its day. */
export function historyAfter(document: TaskDocument): readonly PastPausePoint[] {
  const { point, history } = document;
  const left = document.state === "resumed" ? { ...point, resumption: document.resumption } : point;
  return [...history, left].slice(-maxHistory);
}

/** The key of a task's document. */
export function documentKey(taskId: string): string {
  return `${keyPrefix}${taskId}${keySuffix}`;
}

/** The prefix of all documents' keys. */
export const documentPrefix = keyPrefix;

/** The task id of a document's key; `undefined` if the key is not one of a document. */
export function taskIdOfKey(key: string): string | undefined {
  return key.startsWith(keyPrefix) && key.endsWith(keySuffix) && key.length > keyPrefix.length + keySuffix.length
    ? key.slice(keyPrefix.length, -keySuffix.length)
    : undefined;
}

/**
 * The document as it is stored. A paused one has the form that every x-resume and every gateway reads, with what is
 * ours under one more key. In every other state that form is taken away, so that no other program resumes it.
 */
export function encodeDocument(document: PauseDocument): Uint8Array<ArrayBuffer> {
  const { taskId, ...own } = document;
  if (own.state !== "paused") {
    const nothing = { route: null, headers: null, payload: null, _pause_metadata: null };
    return encode({ id: taskId, ...nothing, _holdpoint: { format: formatVersion, ...own } });
  }
  const { message, metadata, ...rest } = own;
  const { parent_id, route, headers, payload } = message;
  // First whatever names the message, so that a person sees it first.
  const guide = { id: taskId, ...(parent_id === undefined ? {} : { parent_id }), route, headers, payload };
  return encode({ ...guide, _pause_metadata: metadata, _holdpoint: { format: formatVersion, ...rest } });
}

function encode(value: object): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}

const text = v.string();
const texts = v.array(text);
const anyObject = v.custom<JsonObject>(isJsonObject, "expected an object");
const pauseMarkSchema = v.object({ digest: text, createdAt: v.nullable(text) });
const resumptionSchema = v.object({
  at: text,
  by: text,
  mark: v.object({ id: text, digest: text, createdAt: v.nullable(text), timeout: v.nullable(text) }),
  freshId: v.boolean(),
});
const pointSchema = v.object({
  run: text,
  sequence: v.pipe(v.number(), v.integer()),
  envelopeId: text,
  pausedAt: v.nullable(text),
  mark: pauseMarkSchema,
});
export const pastPausePointSchema = v.object({ ...pointSchema.entries, resumption: v.optional(resumptionSchema) });
const baseEntries = {
  point: pointSchema,
  aliases: texts,
  history: v.array(pastPausePointSchema),
};
const routeSchema = v.pipe(
  // A list would pass for an object with nothing in it.
  anyObject,
  v.object({ prev: v.optional(texts, []), curr: v.optional(text, ""), next: v.optional(texts) }),
  // Read as empty, a route that lost its end would let the message go nowhere.
  v.check(({ curr, next }) => next !== undefined || curr === resumeActor, "expected next, the actors that follow"),
  v.transform(({ next = [], ...route }) => ({ ...route, next })),
);
const messageSchema = v.object({
  parent_id: v.optional(text),
  route: routeSchema,
  headers: v.nullish(anyObject, {}),
  payload: anyObject,
});
const metadataSchema = v.pipe(v.unknown(), v.transform(readStoredMetadata));
const outgoingSchema = v.object({
  next: texts,
  headers: anyObject,
  payload: anyObject,
  status: v.optional(anyObject),
});

const ownSchema = v.variant("state", [
  v.object({ state: v.literal("paused"), ...baseEntries }),
  v.object({
    state: v.literal("resumed"),
    ...baseEntries,
    resumption: resumptionSchema,
    parentId: v.optional(text),
    result: v.nullable(
      v.object({ input: anyObject, ignoredInput: texts, message: outgoingSchema, metadata: metadataSchema }),
    ),
  }),
  v.object({
    state: v.literal("canceled"),
    ...baseEntries,
    cancellation: v.object({ at: text, by: text, reason: v.nullable(text) }),
    kept: v.nullable(v.object({ message: messageSchema, metadata: metadataSchema })),
  }),
  v.object({ state: v.literal("alias"), targets: texts, at: text }),
]);

/**
 * Reads a stored document, ours or one that another x-pause wrote.
 *
 * @throws {CheckpointError} `corrupt`; the stored bytes stay as they are
 */
export function decodeDocument(
  body: Uint8Array,
  taskId: string,
  store: Pick<CheckpointStore, "backend" | "location">,
  modifiedAt: Date | undefined,
): PauseDocument {
  const corrupt = (problem: string): CheckpointError => corruptDocument(taskId, store, problem);
  let value: unknown;
  try {
    value = parseLosslessJson(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (error) {
    throw corrupt(body.byteLength === 0 ? "it is empty" : `it is not JSON (${syntaxProblem(error as Error)})`);
  }
  if (!isJsonObject(value)) throw corrupt("it is not a JSON object");
  if (isNestedDeeper(value, maxDocumentLevels))
    throw corrupt(`it is nested more than ${maxDocumentLevels} levels deep`);
  const own = value["_holdpoint"];
  if (own === undefined) {
    const message = parsePart(messageSchema, value, corrupt);
    const envelopeId = typeof value["id"] === "string" ? value["id"] : taskId;
    const pausedAt = modifiedAt?.toISOString() ?? null;
    const point = { run: foreignRun, sequence: 1, envelopeId, pausedAt, mark: foreignMark(message, envelopeId) };
    const metadata = readStoredMetadata(value["_pause_metadata"]);
    return { state: "paused", taskId, point, aliases: [], history: [], message, metadata };
  }
  // A number that keeps its text, such as 1.0, is an object here.
  const format = isJsonObject(own) && isJsonNumber(own["format"]) ? Number(JSON.stringify(own["format"])) : undefined;
  if (format !== undefined && format > formatVersion) {
    throw corrupt(
      `its format is ${format}, and this version of the program reads formats up to ${formatVersion}; upgrade it`,
    );
  }
  if (format !== formatVersion) throw corrupt(`_holdpoint.format: expected the number ${formatVersion}`);
  const ours = parsePart(ownSchema, own, corrupt);
  if (ours.state !== "paused") return { ...ours, taskId };
  const message = parsePart(messageSchema, value, corrupt);
  return { ...ours, taskId, message, metadata: readStoredMetadata(value["_pause_metadata"]) };
}

/** What is wrong with a text, without the piece of it that the engine quotes: that is somebody's payload. */
function syntaxProblem({ message }: Error): string {
  const problem = /^Unexpected token '.+?'(?=, )|^[^"]+$/u.exec(message)?.[0] ?? "it holds something else";
  // https://docs.python.org/3/library/json.html#infinite-and-nan-number-values
  const isOfPython = /^Unexpected token '[NI]'|^No number after minus sign/u.test(problem);
  return isOfPython
    ? `${problem}; Python writes NaN and Infinity, which are not JSON: put null in their place, and keep an actor from writing them with json.dumps(…, allow_nan=False)`
    : problem;
}

/** The mark of the message that another x-pause stored, as far as its document tells. */
function foreignMark({ parent_id, route, headers, payload }: StoredMessage, id: string): PauseMark {
  const shifted = route.curr === resumeActor;
  const original = shifted
    ? { prev: route.prev.slice(0, -1), curr: route.prev.at(-1) ?? "", next: route.next }
    : { ...route, next: restoredNext(route) };
  return pauseMark({ id, parent_id, route: original, headers, payload });
}

/**
 * The actors that a restored message goes to. x-resume stands first in the stored route, or, where the route was
 * shifted before it was stored, is the current actor.
 */
export function restoredNext(route: Route): readonly string[] {
  return route.curr !== resumeActor && route.next[0] === resumeActor ? route.next.slice(1) : route.next;
}

function parsePart<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  corrupt: (problem: string) => CheckpointError,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  // A text that stands where something else should is somebody's data.
  const problem = issue.received.startsWith('"') ? issue.message.replace(/ but received "[^]*$/u, "") : issue.message;
  throw corrupt(`${v.getDotPath(issue) ?? "the document"}: ${problem}`);
}

function corruptDocument(
  taskId: string,
  store: Pick<CheckpointStore, "backend" | "location">,
  problem: string,
): CheckpointError {
  const key = documentKey(taskId);
  return new CheckpointError(
    "corrupt",
    `${store.backend}: the document ${JSON.stringify(key)} at ${store.location} cannot be read as a paused task: ${problem}. It was left as it is. Repair or remove it, or wait if another program is still writing it.`,
    { backend: store.backend, operation: "get", key, retryable: true },
  );
}
