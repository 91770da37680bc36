import { randomUUID } from "node:crypto";

import type { OperationOptions } from "@holdpoint/core";

import type { ObjectEnvelope } from "./assert-envelope.ts";
import { assertEnvelope } from "./assert-envelope.ts";
import { a2aTaskHeader, pauseHeader, persistedHeaders, textHeader } from "./asya-headers.ts";
import { endDelivery } from "./end-delivery.ts";
import type { Envelope } from "./envelope.ts";
import { judgePause } from "./judge-pause.ts";
import type { LedgerContext } from "./ledger-context.ts";
import { maxRaces } from "./ledger-context.ts";
import { pauseMark } from "./message-identity.ts";
import type { PausedDocument, TaskDocument } from "./pause-document.ts";
import { documentKey, encodeDocument, historyAfter, resumeActor } from "./pause-document.ts";
import type { PauseOptions, PauseResult } from "./pause-ledger.ts";
import type { PauseMetadata } from "./pause-metadata.ts";
import { defaultPauseMetadata } from "./pause-metadata.ts";
import { recordAlias } from "./record-alias.ts";
import { resumeIdOf } from "./task-ids.ts";
import type { Trail } from "./trail.ts";
import { readTrail } from "./trail.ts";

/** {@link PauseLedger.pause} */
export async function pauseTask(
  context: LedgerContext,
  received: Envelope,
  pauseOptions: PauseOptions,
): Promise<PauseResult> {
  const { metadata = defaultPauseMetadata, ...options } = pauseOptions;
  const envelope = assertEnvelope(received, "be paused");
  const trail = readTrail(envelope);
  const taskId = trail?.task ?? envelope.id;
  const newAliases = unknownIds(envelope, trail, taskId);
  const arriving = arrivingDocument(context, envelope, trail, metadata, newAliases);

  const { outcome, leftBehindBy } = await storePause(context, arriving, trail, options);
  const key = documentKey(taskId);
  if (leftBehindBy !== undefined) return { outcome, key, message: endDelivery(envelope, leftBehindBy) };
  for (const alias of newAliases) await recordAlias(context, alias, taskId, options);
  const headers = { ...envelope.headers, [pauseHeader]: metadata };
  return { outcome, key, message: { next: envelope.route.next, headers, payload: envelope.payload } };
}

interface StoredPause {
  readonly outcome: PauseResult["outcome"];
  /** For a stale pause: what the task has come to since. */
  readonly leftBehindBy?: TaskDocument;
}

async function storePause(
  context: LedgerContext,
  arriving: PausedDocument,
  trail: Trail | undefined,
  options: OperationOptions,
): Promise<StoredPause> {
  if (trail?.history !== undefined) {
    const version = await context.write(arriving, { ifVersion: trail.version }, options);
    if (version !== undefined) return { outcome: "paused" };
  }
  for (let race = 0; race < maxRaces; race += 1) {
    // Before any read: a store without the permission to list does not tell a missing key from a forbidden one.
    if ((await context.write(arriving, { ifAbsent: true }, options)) !== undefined) return { outcome: "paused" };
    const found = await context.lookup.load(arriving.taskId, options);
    if (found === undefined) continue;
    const { document, version } = found;
    const judgement = judgePause(arriving, trail, document);
    if (judgement === "same") return { outcome: "already-paused" };
    if (judgement === "stale" && document.state !== "alias") return { outcome: "stale", leftBehindBy: document };
    if (judgement === "supersede" && document.state === "paused") await keepSuperseded(context, document, options);
    const history = document.state === "alias" ? arriving.history : historyAfter(document);
    const replaced = await context.write({ ...arriving, history }, { ifVersion: version }, options);
    if (replaced !== undefined) return { outcome: "paused" };
  }
  throw context.contended(arriving.taskId, "pause");
}

/** Puts a document that still waited, and must make way, where a person can find it. */
async function keepSuperseded(
  context: LedgerContext,
  document: PausedDocument,
  options: OperationOptions,
): Promise<void> {
  const key = `superseded/${document.taskId}/${document.point.mark.digest}.json`;
  await context.store.put(key, encodeDocument(document), options);
}

function arrivingDocument(
  context: LedgerContext,
  envelope: ObjectEnvelope,
  trail: Trail | undefined,
  metadata: PauseMetadata,
  newAliases: readonly string[],
): PausedDocument {
  const { prev, curr, next } = envelope.route;
  return {
    state: "paused",
    taskId: trail?.task ?? envelope.id,
    point: {
      run: trail?.run ?? randomUUID(),
      sequence: (trail?.sequence ?? 0) + 1,
      envelopeId: envelope.id,
      pausedAt: context.now().toISOString(),
      mark: pauseMark(envelope),
    },
    aliases: [...(trail?.aliases ?? []), ...newAliases],
    history: trail?.history ?? [],
    message: {
      parent_id: envelope.parent_id ?? trail?.parentId,
      route: { prev, curr, next: next[0] === resumeActor ? next : [resumeActor, ...next] },
      headers: persistedHeaders(envelope.headers ?? {}),
      payload: envelope.payload,
    },
    metadata,
  };
}

/** The ids that the task may be called by and that do not lead to its document yet. */
function unknownIds(envelope: Envelope, trail: Trail | undefined, taskId: string): readonly string[] {
  const known = new Set([taskId, resumeIdOf(taskId), ...(trail?.aliases ?? [])]);
  // The children of a fan-out carry their parent's A2A id, but only the parent answers to it.
  const isChild = envelope.parent_id !== undefined || trail?.parentId !== undefined;
  const a2aTaskId = isChild ? undefined : textHeader(envelope.headers ?? {}, a2aTaskHeader);
  return [envelope.id, a2aTaskId].filter((id) => id !== undefined).filter((id) => !known.has(id));
}
