import type { PruneResult } from "@holdpoint/asya";
import { createPauseLedger } from "@holdpoint/asya";
import { createHolds } from "@holdpoint/core/holds";

import type { CommandContext } from "../frame/command-context.ts";
import { toJsonLine } from "../frame/escape-controls.ts";
import type { StoreChoice } from "../frame/open-command-store.ts";
import { openCommandStore } from "../frame/open-command-store.ts";

/** Options of `holdpoint prune`. */
export interface PruneChoice extends StoreChoice {
  readonly olderThan: number;
  readonly dryRun?: true | undefined;
  readonly json?: true | undefined;
}

/** Removes what is left of tasks and holds that ended long ago, or counts it. */
export async function runPrune(context: CommandContext, options: PruneChoice): Promise<void> {
  const { output, messages, signal } = context;
  const { olderThan: olderThanMs, dryRun = false } = options;
  await using store = await openCommandStore(context, options, dryRun ? "read" : "write");
  let counted: PruneResult = { examined: 0, removed: 0, compacted: 0 };
  try {
    for (const kept of [createPauseLedger(store), createHolds(store)]) {
      const before = counted;
      await kept.prune({
        olderThanMs,
        dryRun,
        signal,
        onProgress(soFar) {
          counted = sum(before, soFar);
          void messages.progress(sentence(counted, dryRun));
        },
      });
    }
  } finally {
    await messages.progress("");
    // Also where it was interrupted: what is done is done.
    if (options.json) await output.write(toJsonLine({ ...counted, dryRun }));
    else await output.write(`${sentence(counted, dryRun)}\n`);
  }
}

function sum(left: PruneResult, right: PruneResult): PruneResult {
  return {
    examined: left.examined + right.examined,
    removed: left.removed + right.removed,
    compacted: left.compacted + right.compacted,
  };
}

function sentence({ examined, removed, compacted }: PruneResult, dryRun: boolean): string {
  const [remove, empty] = dryRun ? ["would remove", "would empty"] : ["removed", "emptied"];
  const emptied = compacted === 0 ? "" : `, ${empty} ${compacted}`;
  return `Examined ${examined} documents, ${remove} ${removed}${emptied}.`;
}
