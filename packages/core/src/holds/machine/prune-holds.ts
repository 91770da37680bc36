import { CheckpointError } from "../../store/checkpoint-error.ts";
import type { OperationOptions } from "../../store/checkpoint-store.ts";
import type { Located } from "./hold-documents.ts";
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
export interface PruneHoldsOptions<Document> extends OperationOptions {
  /** Only what ended at least this long ago, in milliseconds. */
  readonly olderThanMs: number;
  /** Whether what has ended may go altogether, where the store deletes under a condition. */
  readonly mayRemove: boolean;
  /** Whether a document is of no use any more to anybody after that time. @default what its kind says of its end */
  readonly mayGo?: ((document: Document, endedBefore: Date) => boolean | Promise<boolean>) | undefined;
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
export async function pruneHolds<Document>(
  machine: HoldMachine<Document>,
  pruneOptions: PruneHoldsOptions<Document>,
): Promise<PruneCounts> {
  const { endedAt, stub } = machine.documents;
  const hasEnded = (document: Document, endedBefore: Date): boolean => {
    const at = endedAt(document);
    return at !== undefined && at <= endedBefore;
  };
  const { olderThanMs, mayRemove, mayGo = hasEnded, dryRun = false, onProgress, ...options } = pruneOptions;
  if (!(olderThanMs >= 0)) {
    throw new CheckpointError("invalid-argument", `Cannot prune: olderThanMs is ${olderThanMs}; expected 0 or more.`);
  }
  const before = new Date(machine.environment.now().getTime() - olderThanMs);
  const counts = { examined: 0, removed: 0, compacted: 0 };
  const pruneOne = async ({ document, key, version }: Located<Document>): Promise<"kept" | "removed" | "compacted"> => {
    if (!(await mayGo(document, before))) return "kept";
    if (mayRemove && machine.store.capabilities.conditionalDelete) {
      if (dryRun) return "removed";
      try {
        return (await machine.store.delete(key, { ...options, ifVersion: version })) ? "removed" : "kept";
      } catch (error) {
        if (CheckpointError.is(error, "conflict")) return "kept";
        throw error;
      }
    }
    // Without a condition, a delete could take with it what has come since the document was read. Writing it makes an
    // emptied document new again.
    const next = stub(document);
    if (next === undefined) return "kept";
    if (dryRun) return "compacted";
    // Whatever has changed meanwhile is left for the next time.
    return (await machine.write("prune", next, version, options)) === undefined ? "kept" : "compacted";
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
