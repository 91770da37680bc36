import { CheckpointError } from "@holdpoint/core";
import type { OperationOptions } from "@holdpoint/core";
import { pruneHolds } from "@holdpoint/core/holds";

import { isCalledBy } from "./kinship.ts";
import type { LedgerContext } from "./ledger-context.ts";
import type { AliasDocument, PauseDocument } from "./pause-document.ts";
import type { PruneOptions, PruneResult } from "./pause-ledger.ts";

/** {@link PauseLedger.prune} */
export async function pruneTasks(context: LedgerContext, pruneOptions: PruneOptions): Promise<PruneResult> {
  const { olderThanMs: _age, dryRun: _dryRun, onProgress: _onProgress, ...options } = pruneOptions;
  return await pruneHolds(context.machine, {
    ...pruneOptions,
    mayRemove: true,
    mayGo: async (document, before) => await hasEnded(context, document, before, options),
  });
}

/** Whether a second id still stands for something under another. */
async function leadsThere(
  context: LedgerContext,
  alias: AliasDocument,
  target: string,
  options: OperationOptions,
): Promise<boolean> {
  try {
    const found = await context.machine.load(target, options);
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
