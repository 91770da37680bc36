import { CheckpointError } from "@holdpoint/core";

import { decodeDocument } from "./document-codec.ts";
import { taskIdOfKey } from "./document-key.ts";
import type { PauseDocument } from "./pause-document.ts";
import type { Resumption } from "./pause-point.ts";
import { isSamePoint } from "./pause-point.ts";

/**
 * What one document of a key is to another: `later` if the ledger leads from the other to it, `earlier` if it leads from
 * it to the other, `unrelated` if neither is certain.
 */
export type DocumentRelation = "later" | "earlier" | "unrelated";

/**
 * Compares two documents that different stores hold under one key, to tell which of them is out of date. Two that are
 * certain to be one task, in states that follow each other, are `later` and `earlier`; everything else is `unrelated`:
 * bytes that are no document, another task under the same id, a task that went on in both places.
 *
 * @example
 * ```ts
 * relateDocuments("paused/task-1.json", resumedBody, pausedBody); // "later"
 * ```
 */
export function relateDocuments(key: string, body: Uint8Array, other: Uint8Array): DocumentRelation {
  const taskId = taskIdOfKey(key);
  if (taskId === undefined) return "unrelated";
  const document = readDocument(body, taskId);
  const otherDocument = readDocument(other, taskId);
  if (document === undefined || otherDocument === undefined) return "unrelated";
  if (leadsTo(otherDocument, document)) return "later";
  return leadsTo(document, otherDocument) ? "earlier" : "unrelated";
}

function readDocument(body: Uint8Array, taskId: string): PauseDocument | undefined {
  try {
    return decodeDocument(body, taskId, { backend: "", location: "" }, undefined);
  } catch (error) {
    if (CheckpointError.is(error, "corrupt")) return undefined;
    throw error;
  }
}

/** Whether the ledger's transitions lead from one document to another, different one. */
function leadsTo(from: PauseDocument, to: PauseDocument): boolean {
  if (from.state === "alias") {
    // A task may take the place of a second id.
    if (to.state !== "alias") return true;
    return to.targets.length > from.targets.length && from.targets.every((target) => to.targets.includes(target));
  }
  if (to.state === "alias") return false;
  if (!isSamePoint(from.point, to.point)) {
    const past = to.history.findLast((point) => isSamePoint(from.point, point));
    if (past === undefined) return false;
    return from.state === "paused" || isSameResumption(from.state === "resumed" ? from.resumption : undefined, past);
  }
  switch (from.state) {
    case "paused":
      return to.state !== "paused";
    // What else can become of a task that has ended is that it is emptied.
    case "resumed":
      return (
        to.state === "resumed" && from.result !== null && to.result === null && isSameResumption(from.resumption, to)
      );
    case "canceled":
      return (
        to.state === "canceled" &&
        from.kept !== null &&
        to.kept === null &&
        JSON.stringify(from.cancellation) === JSON.stringify(to.cancellation)
      );
  }
}

function isSameResumption(
  resumption: Resumption | undefined,
  { resumption: other }: { readonly resumption?: Resumption | undefined },
): boolean {
  return (
    resumption?.at === other?.at &&
    resumption?.mark.id === other?.mark.id &&
    resumption?.mark.digest === other?.mark.digest
  );
}
