import { CheckpointError } from "@holdpoint/core";
import type { CheckpointEntry, OperationOptions } from "@holdpoint/core";
import { pMapIterable } from "p-map";

import type { LedgerContext } from "./ledger-context.ts";
import { taskIdOfKey } from "./document-key.ts";
import { isCalledBy } from "./kinship.ts";
import type { AliasDocument, CanceledDocument, PauseDocument, ResumedDocument } from "./pause-document.ts";
import type { PruneOptions, PruneResult } from "./pause-ledger.ts";
import { readConcurrency } from "./task-lookup.ts";

/** {@link PauseLedger.prune} */
export async function pruneTasks(context: LedgerContext, pruneOptions: PruneOptions): Promise<PruneResult> {
  const { olderThanMs, dryRun = false, onProgress, ...options } = pruneOptions;
  if (!(olderThanMs >= 0)) {
    throw new CheckpointError("invalid-argument", `Cannot prune: olderThanMs is ${olderThanMs}; expected 0 or more.`);
  }
  const before = new Date(context.now().getTime() - olderThanMs);
  const outcomes = pMapIterable(
    context.lookup.keys(options),
    async (entry) => await pruneDocument(context, entry, before, dryRun, options),
    { concurrency: readConcurrency },
  );
  const result = { examined: 0, removed: 0, compacted: 0 };
  for await (const outcome of outcomes) {
    result.examined += 1;
    if (outcome !== "kept") result[outcome] += 1;
    onProgress?.({ ...result });
  }
  return result;
}

async function pruneDocument(
  context: LedgerContext,
  entry: CheckpointEntry,
  before: Date,
  dryRun: boolean,
  options: OperationOptions,
): Promise<"kept" | "removed" | "compacted"> {
  const taskId = taskIdOfKey(entry.key);
  const found = taskId === undefined ? undefined : await context.lookup.loadReadable(taskId, options);
  if (found === undefined || !(await hasEnded(context, found.document, before, options))) return "kept";
  const { document, version, key } = found;
  if (context.store.capabilities.conditionalDelete) {
    if (dryRun) return "removed";
    try {
      return (await context.store.delete(key, { ...options, ifVersion: version })) ? "removed" : "kept";
    } catch (error) {
      if (CheckpointError.is(error, "conflict")) return "kept";
      throw error;
    }
  }
  // Without a condition, a delete could take a pause with it that has come since the document was read. An emptied
  // document is small, and a lifecycle rule of the bucket may remove it: writing a pause makes it new again.
  if (document.state === "resumed" && document.result !== null) {
    if (dryRun) return "compacted";
    return (await compact(context, { ...document, result: null, history: [] }, version, options))
      ? "compacted"
      : "kept";
  }
  if (document.state === "canceled" && document.kept !== null) {
    if (dryRun) return "compacted";
    return (await compact(context, { ...document, kept: null, history: [] }, version, options)) ? "compacted" : "kept";
  }
  return "kept";
}

async function compact(
  context: LedgerContext,
  document: ResumedDocument | CanceledDocument,
  version: string,
  options: OperationOptions,
): Promise<boolean> {
  return (await context.write(document, { ifVersion: version }, options)) !== undefined;
}

/** Whether a second id still stands for something under another. */
async function leadsThere(
  context: LedgerContext,
  alias: AliasDocument,
  target: string,
  options: OperationOptions,
): Promise<boolean> {
  try {
    const found = await context.lookup.load(target, options);
    return isCalledBy(found?.document, alias.taskId);
  } catch (error) {
    // Whatever it is, it is not known to have ended.
    if (CheckpointError.is(error, "corrupt")) return true;
    throw error;
  }
}

async function hasEnded(
  context: LedgerContext,
  document: PauseDocument,
  before: Date,
  options: OperationOptions,
): Promise<boolean> {
  switch (document.state) {
    case "paused":
      return await context.lookup.isVoid(document, options);
    case "resumed":
      return new Date(document.resumption.at) <= before;
    case "canceled":
      return new Date(document.cancellation.at) <= before;
    case "alias": {
      if (new Date(document.at) > before) return false;
      for (const target of document.targets) {
        if (await leadsThere(context, document, target, options)) return false;
      }
      return true;
    }
  }
}
