import { CheckpointError } from "../../store/checkpoint-error.ts";
import type { OperationOptions } from "../../store/checkpoint-store.ts";
import type { HoldDocument, Located } from "./hold-document.ts";
import type { HoldMachine } from "./hold-machine.ts";
import { scanHolds } from "./scan-holds.ts";

/** What pruning did, in documents. */
export interface PruneCounts {
  readonly examined: number;
  readonly removed: number;
  /** Emptied down to a stub. */
  readonly compacted: number;
}

/** Options of {@link pruneHolds}. */
export interface PruneHoldsOptions extends OperationOptions {
  /** Only what ended at least this long ago, in milliseconds. */
  readonly olderThanMs: number;
  /** Whether what has ended may go altogether, where the store deletes under a condition. */
  readonly mayRemove: boolean;
  /** Counts what would be done, and changes nothing. @default false */
  readonly dryRun?: boolean | undefined;
  /** Told after each document what has been done so far. @default nobody is told */
  readonly onProgress?: ((soFar: PruneCounts) => void) | undefined;
}

/**
 * Takes away what is left of holds that have ended, and never anything of one that has not.
 *
 * @throws {CheckpointError} `invalid-argument`, and what the store's operations throw
 * @example
 * ```ts
 * await pruneHolds(machine, { olderThanMs: 30 * 24 * 3_600_000, mayRemove: false });
 * ```
 */
export async function pruneHolds<Ask, Given, Answer>(
  machine: HoldMachine<Ask, Given, Answer>,
  pruneOptions: PruneHoldsOptions,
): Promise<PruneCounts> {
  const { olderThanMs, mayRemove, dryRun = false, onProgress, ...options } = pruneOptions;
  if (!(olderThanMs >= 0)) {
    throw new CheckpointError("invalid-argument", `Cannot prune: olderThanMs is ${olderThanMs}; expected 0 or more.`);
  }
  const before = new Date(machine.environment.now().getTime() - olderThanMs);
  const { endedAt, stub } = machine.kind.documents;
  const counts = { examined: 0, removed: 0, compacted: 0 };
  const pruneOne = async (located: Located<HoldDocument<Ask, Answer>>): Promise<"kept" | "removed" | "compacted"> => {
    const { document, key, version } = located;
    const ended = endedAt(document);
    if (ended === undefined || ended > before) return "kept";
    if (mayRemove && machine.store.capabilities.conditionalDelete) {
      if (dryRun) return "removed";
      try {
        return (await machine.store.delete(key, { ...options, ifVersion: version })) ? "removed" : "kept";
      } catch (error) {
        if (CheckpointError.is(error, "conflict")) return "kept";
        throw error;
      }
    }
    const next = stub(document);
    if (next === undefined) return "kept";
    if (dryRun) return "compacted";
    const { verdict } = await machine.change<"kept" | "compacted">(
      async (loadOptions) => await machine.load(document.id, loadOptions),
      // Whatever has changed meanwhile is left for the next time.
      (now) => (now?.version === version ? { verdict: "compacted", next } : { verdict: "kept" }),
      options,
    );
    return verdict;
  };
  for await (const outcome of scanHolds(machine, options, async ({ located }) =>
    located === undefined ? "kept" : await pruneOne(located),
  )) {
    counts.examined += 1;
    if (outcome !== "kept") counts[outcome] += 1;
    onProgress?.({ ...counts });
  }
  return counts;
}
