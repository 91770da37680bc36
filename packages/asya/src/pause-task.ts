import { randomUUID } from "node:crypto";

import type { ChangeOptions } from "@holdpoint/core/holds";

import type { ObjectEnvelope } from "./assert-envelope.ts";
import { assertEnvelope, assertMetadata } from "./assert-envelope.ts";
import { a2aTaskHeader, pauseHeader, persistedHeaders, textHeader } from "./asya-headers.ts";
import { keepDisplaced, keepTwin } from "./displaced-tasks.ts";
import { canBeTaskId, documentKey } from "./document-key.ts";
import { endDelivery, reportWaiting } from "./end-delivery.ts";
import type { Envelope, OutgoingMessage } from "./envelope.ts";
import type { ArrivingPause } from "./judge-pause.ts";
import { judgePause } from "./judge-pause.ts";
import type { LedgerContext } from "./ledger-context.ts";
import { LedgerError } from "./ledger-error.ts";
import { pauseMark } from "./message-identity.ts";
import type { PausedDocument, TaskDocument } from "./pause-document.ts";
import type { PauseOptions, PauseResult } from "./pause-ledger.ts";
import { withDecisionField } from "./pause-decisions.ts";
import type { PauseMetadata } from "./pause-metadata.ts";
import { defaultPauseMetadata } from "./pause-metadata.ts";
import { canonicalPayload } from "./payload-json.ts";
import { quoteId } from "./quote-id.ts";
import { recordSecondId } from "./second-ids.ts";
import { storedRoute, wasResumed } from "./stored-route.ts";
import { resumeIdOf } from "./task-ids.ts";
import type { TrailFinding } from "./trail.ts";
import { findTrail, nextPoint } from "./trail.ts";
import { withRoom } from "./with-room.ts";

/** {@link PauseLedger.pause} */
export async function pauseTask(
  context: LedgerContext,
  received: Envelope,
  pauseOptions: PauseOptions,
): Promise<PauseResult> {
  const { metadata: given, ...rest } = pauseOptions;
  const options = withRoom(rest);
  const envelope = assertEnvelope(received, "be paused");
  const metadata = given === undefined ? defaultPauseMetadata : withDecisionField(assertMetadata(given, envelope.id));
  const trail = findTrail(envelope);
  const newIds = unknownIds(envelope, trail);
  const arriving = { document: arrivingDocument(context, envelope, trail, metadata, newIds), trail };
  const { taskId } = arriving.document;
  assertTaskId(taskId);

  const stored = await storePause(context, arriving, newIds, options);
  const key = documentKey(taskId);
  if (stored.outcome === "stale") return { outcome: "stale", key, message: endDelivery(envelope, stored.leftBehindBy) };
  const { outcome, waiting, secondIds, isTwin = false } = stored;
  const keptAs = isTwin ? await keepTwin(context, arriving.document, waiting, options) : undefined;
  for (const secondId of secondIds) await recordSecondId(context, secondId, taskId, options);
  return { outcome, key, ...(keptAs === undefined ? {} : { keptAs }), message: reported(envelope, arriving, waiting) };
}

/** What has become of a message that pauses. */
type StoredPause =
  | {
      readonly outcome: "paused" | "already-paused";
      readonly waiting: PausedDocument;
      /** The second ids that have to lead to it. */
      readonly secondIds: readonly string[];
      /** What waits may be another message than this one. */
      readonly isTwin?: boolean;
    }
  /** What the task has come to since. */
  | { readonly outcome: "stale"; readonly leftBehindBy: TaskDocument };

async function storePause(
  context: LedgerContext,
  arriving: ArrivingPause,
  newIds: readonly string[],
  options: ChangeOptions,
): Promise<StoredPause> {
  const { document: waiting, trail: found } = arriving;
  const trail = found.kind === "own" ? found.trail : undefined;
  const secondIds = trail?.aliasesExpire === true ? waiting.aliases : newIds;
  // Where the document of the earlier pause point is gone, its second ids may be, too.
  const alone = paused(waiting, waiting.aliases);
  const following = { ...paused(waiting, secondIds), ifVersion: trail?.version };
  const { verdict } = await context.machine.change<StoredPause>(
    {
      operation: "pause",
      id: waiting.taskId,
      find: (loadOptions) => context.machine.load(waiting.taskId, loadOptions),
      judge: async (located) => {
        if (located === undefined) return alone;
        const { document } = located;
        // The id belongs to whoever has it as its first.
        if (document.state === "alias") return paused(waiting, secondIds);
        const judgement = judgePause(arriving, document);
        if (judgement.kind === "stale") return { verdict: { outcome: "stale", leftBehindBy: document } };
        if (judgement.kind === "same") {
          const { waiting: there, isCertain } = judgement;
          const ids = isCertain ? secondIds : [];
          return { verdict: { outcome: "already-paused", waiting: there, secondIds: ids, isTwin: !isCertain } };
        }
        if (judgement.kind === "displace") await keepDisplaced(context, judgement.waiting, options);
        const { history, aliases } = judgement;
        return paused({ ...waiting, history, aliases }, aliases.length > waiting.aliases.length ? aliases : secondIds);
      },
      first: [...(trail?.history === undefined ? [] : [following]), { ...alone, ifVersion: undefined }],
    },
    options,
  );
  return verdict;
}

function paused(next: PausedDocument, secondIds: readonly string[]) {
  return { verdict: { outcome: "paused", waiting: next, secondIds }, next } as const;
}

/**
 * What the mesh is told. What is shown to a person is what will go on: the message that waits, and what was asked then,
 * also where this delivery brought another.
 */
function reported(envelope: ObjectEnvelope, { document }: ArrivingPause, waiting: PausedDocument): OutgoingMessage {
  if (waiting.point.mark.digest !== document.point.mark.digest) return reportWaiting(waiting);
  const headers = { ...envelope.headers, [pauseHeader]: waiting.metadata };
  return { next: envelope.route.next, headers, payload: envelope.payload };
}

function arrivingDocument(
  context: LedgerContext,
  envelope: ObjectEnvelope,
  found: TrailFinding,
  metadata: PauseMetadata,
  newIds: readonly string[],
): PausedDocument {
  const trail = found.kind === "own" ? found.trail : undefined;
  const payloadJson = canonicalPayload(envelope.payload);
  return {
    state: "paused",
    taskId: taskIdOf(envelope, found),
    point: {
      ...(trail === undefined ? { run: randomUUID(), sequence: 1 } : nextPoint(trail)),
      envelopeId: envelope.id,
      pausedAt: context.now().toISOString(),
      mark: pauseMark(envelope, payloadJson),
      continues: found.kind === "none" && wasResumed(envelope.route) ? true : undefined,
    },
    aliases: [...(trail?.aliases ?? []), ...newIds],
    history: trail?.history ?? [],
    message: {
      parent_id: envelope.parent_id ?? trail?.parentId,
      route: storedRoute(envelope.route),
      headers: persistedHeaders(envelope.headers ?? {}),
      payload: envelope.payload,
    },
    payloadJson,
    metadata,
  };
}

function taskIdOf(envelope: Envelope, found: TrailFinding): string {
  return found.kind === "own" ? found.trail.task : envelope.id;
}

function assertTaskId(taskId: string): void {
  if (canBeTaskId(taskId)) return;
  const problem = taskId.isWellFormed() ? `has ${Buffer.byteLength(taskId)} bytes in UTF-8` : "has a lone surrogate";
  throw new LedgerError(
    "invalid-message",
    `The message ${quoteId(taskId)} cannot be paused: its id ${problem}, and no store's key can hold it. Nothing was stored. Give messages ids of at most 500 bytes.`,
    taskId,
  );
}

/** The ids that the task may be called by and that do not lead to its document yet. */
function unknownIds(envelope: Envelope, found: TrailFinding): readonly string[] {
  const trail = found.kind === "own" ? found.trail : undefined;
  const taskId = taskIdOf(envelope, found);
  const known = [taskId, resumeIdOf(taskId), ...(trail?.aliases ?? [])];
  // The children of a fan-out carry their parent's A2A id, but only the parent answers to it.
  const isChild = envelope.parent_id !== undefined || trail?.parentId !== undefined || found.kind === "copied";
  const a2aTaskId = isChild ? undefined : textHeader(envelope.headers ?? {}, a2aTaskHeader);
  const called = a2aTaskId === undefined || a2aTaskId === envelope.id ? [envelope.id] : [envelope.id, a2aTaskId];
  return called.filter((id) => !known.includes(id));
}
