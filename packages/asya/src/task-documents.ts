import type { HoldDocuments, HoldMachine, ReservedRoom } from "@holdpoint/core/holds";

import { decodeDocument, encodeDocument } from "./document-codec.ts";
import { documentKey, documentPrefixes, taskIdOfKey } from "./document-key.ts";
import type { PauseDocument } from "./pause-document.ts";
import { quoteId } from "./quote-id.ts";

/** The machine of the mesh's tasks, and of the second ids that lead to them. */
export type TaskMachine = HoldMachine<PauseDocument>;

const mostReservedBytes = 1024 * 1024;

/**
 * How the documents of tasks are written and read. They keep no nonce, since others read them: whoever meets a document
 * again knows it by its pause point, or by the message that resumed it.
 */
export function taskDocuments(now: () => Date): HoldDocuments<PauseDocument> {
  return {
    prefixes: documentPrefixes,
    key: documentKey,
    idOfKey: taskIdOfKey,
    idOf: ({ taskId }) => taskId,
    subject: (taskId) => `the task ${quoteId(taskId)}`,
    contentName: "payload",
    encode: encodeDocument,
    decode: ({ body, modifiedAt }, taskId, store) => decodeDocument(body, taskId, store, modifiedAt),
    reserve,
    endedAt: (document) => endedAt(document, now),
    stub,
  };
}

/** A task whose document left no room for an answer would wait for ever: each resume would be too large. */
function reserve({ state }: PauseDocument, maxBodyBytes: number): ReservedRoom | undefined {
  if (state !== "paused") return undefined;
  return { bytes: Math.min(mostReservedBytes, Math.floor(maxBodyBytes / 8)), for: "an answer" };
}

function endedAt(document: PauseDocument, now: () => Date): Date | undefined {
  switch (document.state) {
    case "paused":
      return undefined;
    case "resumed":
      return new Date(document.resumption.at);
    case "canceled":
      return new Date(document.cancellation.at);
    case "alias":
      // What it leads to ends as this is written.
      return document.expires === true ? now() : undefined;
  }
}

/** What the next pause, or a message that is delivered again, is told by still. */
function stub(document: PauseDocument): PauseDocument | undefined {
  if (document.state === "resumed" && document.result !== null) return { ...document, result: null, history: [] };
  if (document.state === "canceled" && document.kept !== null) return { ...document, kept: null, history: [] };
  return undefined;
}
