import { pauseMark } from "./message-identity.ts";
import type { PausedDocument, StoredMessage } from "./pause-document.ts";
import type { PauseMetadata } from "./pause-metadata.ts";
import { foreignRun } from "./pause-point.ts";
import { originalRoute, wasResumed } from "./stored-route.ts";
import { findTrail, nextPoint } from "./trail.ts";

/**
 * The document that another x-pause wrote, with what it does not say about its pause point as far as a trail tells that
 * was kept among the headers: without it, the answer to an earlier pause point, delivered again, would be taken for this
 * one's.
 */
export function readForeignDocument(
  taskId: string,
  envelopeId: string,
  message: StoredMessage,
  metadata: PauseMetadata,
  modifiedAt: Date | undefined,
): PausedDocument {
  const { parent_id, headers, payload } = message;
  const original = { id: envelopeId, parent_id, route: originalRoute(message.route), headers, payload };
  const point = { envelopeId, pausedAt: modifiedAt?.toISOString() ?? null, mark: pauseMark(original) };
  const found = findTrail(original);
  if (found.kind !== "own") {
    const continues = found.kind === "none" && wasResumed(original.route) ? ({ continues: true } as const) : {};
    const first = { run: foreignRun, sequence: 1, ...point, ...continues };
    return { state: "paused", taskId, point: first, aliases: [], history: [], message, metadata };
  }
  const { trail } = found;
  return {
    state: "paused",
    taskId,
    point: { ...nextPoint(trail), ...point },
    // Those ids lead to the document that the trail names.
    aliases: trail.task === taskId ? trail.aliases : [],
    history: trail.history ?? [],
    message: { ...message, parent_id: parent_id ?? trail.parentId },
    metadata,
  };
}

/** Whether a document is one that another x-pause wrote: a trail among the headers is kept by none of ours. */
export function isForeign({ point, message }: PausedDocument): boolean {
  return point.run === foreignRun || findTrail({ id: point.envelopeId, ...message }).kind !== "none";
}
