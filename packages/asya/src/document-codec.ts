import { CheckpointError } from "@holdpoint/core";
import type { CheckpointStore, JsonObject } from "@holdpoint/core";
import { exactNumber, isJsonObject, isNestedDeeper, parseLosslessJson } from "@holdpoint/core/json";
import * as v from "valibot";

import { documentKey } from "./document-key.ts";
import { readForeignDocument } from "./foreign-document.ts";
import { maxDocumentLevels } from "./message-nesting.ts";
import type { PauseDocument } from "./pause-document.ts";
import type { PayloadJson } from "./payload-json.ts";
import { aroundPayload } from "./payload-json.ts";
import { readStoredMetadata } from "./pause-metadata.ts";
import { pastPausePointSchema, pausePointSchema, resumptionSchema } from "./pause-point.ts";
import { resumeActor } from "./stored-route.ts";

const formatVersion = 1;

/**
 * The document as it is stored. A paused one has the form that every x-resume and every gateway reads, with what is
 * ours under one more key. In every other state that form is taken away, so that no other program resumes it.
 */
export function encodeDocument(document: PauseDocument): Uint8Array<ArrayBuffer> {
  // The guide's `id` is what the task is called by others, also where it has been displaced.
  if (document.state === "paused") {
    const {
      taskId,
      displacedFrom: id = taskId,
      state,
      point,
      aliases,
      history,
      message,
      payloadJson,
      metadata,
    } = document;
    const { parent_id, route, headers, payload } = message;
    const ours = { format: formatVersion, state, point, aliases, history };
    // First whatever names the message, so that a person sees it first.
    const written = { _pause_metadata: metadata, _holdpoint: ours };
    if (payloadJson !== undefined) return encodeAround({ id, parent_id, route, headers }, payloadJson, written);
    return encode({ id, parent_id, route, headers, payload, ...written });
  }
  const { taskId } = document;
  const id = document.state === "alias" ? taskId : (document.displacedFrom ?? taskId);
  const nothing = { route: null, headers: null, payload: null, _pause_metadata: null };
  // What is `undefined` is left out.
  const ours = { format: formatVersion, ...document, taskId: undefined, displacedFrom: undefined };
  return encode({ id, ...nothing, _holdpoint: ours });
}

function encode(value: object): Uint8Array<ArrayBuffer> {
  // A `TextEncoder` takes three times as long for a small document.
  return Buffer.from(JSON.stringify(value));
}

function encodeAround(start: object, payloadJson: PayloadJson, end: object): Uint8Array<ArrayBuffer> {
  const { before, after } = aroundPayload(JSON.stringify(start), JSON.stringify(end));
  if (typeof payloadJson === "string") return Buffer.from(before + payloadJson + after);
  return Buffer.concat([Buffer.from(before), payloadJson, Buffer.from(after)]);
}

const utf8 = new TextDecoder("utf-8", { fatal: true });
const text = v.string();
const texts = v.array(text);
const anyObject = v.custom<JsonObject>(isJsonObject, "expected an object");
const baseEntries = {
  point: pausePointSchema,
  aliases: texts,
  history: v.array(pastPausePointSchema),
};
const routeSchema = v.pipe(
  // A list would pass for an object with nothing in it.
  anyObject,
  v.object({ prev: v.optional(texts, []), curr: v.optional(text, ""), next: v.optional(texts) }),
  // Read as empty, a route that lost its end would let the message go nowhere.
  v.check(({ curr, next }) => next !== undefined || curr === resumeActor, "expected next, the actors that follow"),
  v.transform(({ prev, curr, next = [] }) => ({ prev, curr, next })),
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
    aliasesExpire: v.optional(v.literal(true)),
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
  v.object({ state: v.literal("alias"), targets: texts, at: text, expires: v.optional(v.literal(true)) }),
]);

/**
 * The one reader of stored documents, ours and those that another x-pause wrote.
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
    value = parseLosslessJson(utf8.decode(body));
  } catch (error) {
    throw corrupt(body.byteLength === 0 ? "it is empty" : `it is not JSON (${syntaxProblem(error as Error)})`);
  }
  if (!isJsonObject(value)) throw corrupt("it is not a JSON object");
  // A level takes two signs, so nearly every document is too short to be looked through.
  if (body.byteLength > 2 * maxDocumentLevels && isNestedDeeper(value, maxDocumentLevels))
    throw corrupt(`it is nested more than ${maxDocumentLevels} levels deep`);
  const guideId = typeof value["id"] === "string" ? value["id"] : taskId;
  const own = value["_holdpoint"];
  if (own === undefined) {
    const message = parsePart(messageSchema, value, corrupt);
    const metadata = readStoredMetadata(value["_pause_metadata"]);
    return readForeignDocument(taskId, guideId, message, metadata, modifiedAt);
  }
  const format = isJsonObject(own) ? exactNumber(own["format"]) : undefined;
  if (format !== undefined && Number(format) > formatVersion) {
    throw corrupt(
      `its format is ${Number(format)}, and this version of the program reads formats up to ${formatVersion}; upgrade it`,
    );
  }
  if (format !== String(formatVersion)) throw corrupt(`_holdpoint.format: expected the number ${formatVersion}`);
  const ours = parsePart(ownSchema, own, corrupt);
  // The key of a second id that is too long for one is a digest of it.
  if (ours.state === "alias") return { ...ours, taskId: guideId };
  const task = { ...ours, taskId, displacedFrom: guideId === taskId ? undefined : guideId };
  if (task.state !== "paused") return task;
  const message = parsePart(messageSchema, value, corrupt);
  return { ...task, message, metadata: readStoredMetadata(value["_pause_metadata"]) };
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
