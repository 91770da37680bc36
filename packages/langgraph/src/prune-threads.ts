import pMap from "p-map";

import { isLarge } from "./checkpoint-document.ts";
import type { CheckpointDocument } from "./checkpoint-document.ts";
import { checkpointTime } from "./checkpoint-time.ts";
import { historyOf, listLines } from "./list-checkpoints.ts";
import type { ListedCheckpoint, ListedLine } from "./list-checkpoints.ts";
import { readDocument } from "./read-checkpoint.ts";
import { concurrency } from "./saver-context.ts";
import type { SaverContext } from "./saver-context.ts";

// What has no document yet may be about to become the head, of a run whose clock is behind.
const strayAgeMs = 3_600_000;

/** What {@link HoldpointSaver.prune} leaves. */
export interface PruneCheckpointsOptions {
  /** @default all threads */
  readonly threadId?: string | undefined;
  /** How many of the newest checkpoints stay in each namespace of a thread, at least 1. @default 1 */
  readonly keepLast?: number | undefined;
  /** Of the others, those that are younger stay too, in milliseconds. @default 0 */
  readonly olderThanMs?: number | undefined;
}

/** What pruning did. */
export interface PruneCheckpointsResult {
  /** Checkpoints that were there. */
  readonly examined: number;
  /** Checkpoints that are gone. */
  readonly removed: number;
}

/**
 * Removes old checkpoints from the lines below a prefix. Never one that a run can still need: not the head and what
 * stands on it, not the large values and the ancestors that those which stay are rebuilt from, and nothing that is newer
 * than they are, since that may become the head.
 */
export async function pruneLines(
  context: SaverContext,
  prefix: string,
  { keepLast = 1, olderThanMs }: Omit<PruneCheckpointsOptions, "threadId">,
): Promise<PruneCheckpointsResult> {
  const before = olderThanMs === undefined ? undefined : Date.now() - olderThanMs;
  let [examined, removed] = [0, 0];
  for (const listed of await listLines(context, prefix)) {
    const history = await historyOf(context, listed);
    const oldEnough = before === undefined ? 0 : history.findIndex((id) => isOlder(id, before));
    const count = oldEnough < 0 ? history.length : Math.min(Math.max(keepLast, oldEnough), history.length);
    const needed = await neededBy(context, listed, history, count);
    examined += history.length;
    removed += await removeCheckpoints(context, listed, history, needed);
  }
  return { examined, removed };
}

function isOlder(id: string, before: number): boolean {
  const time = checkpointTime(id);
  return time !== undefined && time < before;
}

interface Needed {
  /** How many of the newest stay. */
  readonly count: number;
  /** The keys of values that belong to older ones, and stay. */
  readonly values: ReadonlySet<string>;
}

/** What the newest checkpoints of a line are rebuilt from. */
async function neededBy(
  context: SaverContext,
  { line, checkpoints }: ListedLine,
  history: readonly string[],
  count: number,
): Promise<Needed> {
  const values = new Set<string>();
  const read = async (id: string): Promise<CheckpointDocument | undefined> => {
    return await readDocument(context, line, id, checkpoints.get(id)?.keys ?? []);
  };
  // One that goes on from the head before it needs nothing older that the one before it does not need as well.
  const apart = history.filter((id, index) => {
    return index === count - 1 || (index < count && (!context.fence || checkpoints.get(id)?.document?.isFork === true));
  });
  let furthest = count - 1;
  for (const id of apart) {
    let document = await read(id);
    for (let { needsAncestors = 0 } = document ?? {}; needsAncestors > 0; needsAncestors -= 1) {
      const index = history.indexOf(document?.parentId ?? "");
      if (index < 0) break;
      furthest = Math.max(furthest, index);
      document = await read(history[index] ?? "");
    }
  }
  const oldest = history[furthest];
  for (const id of oldest === undefined ? apart : [...apart, oldest]) {
    const document = await read(id);
    for (const [channel, value] of document?.values ?? []) {
      if (isLarge(value)) values.add(context.layout.value(line, value.from, channel));
    }
  }
  return { count: furthest + 1, values };
}

/** @returns how many there were */
async function removeCheckpoints(
  { store, layout }: SaverContext,
  { checkpoints }: ListedLine,
  history: readonly string[],
  { count, values }: Needed,
): Promise<number> {
  const kept = new Set(history.slice(0, count));
  const oldest = history[count - 1];
  const strayBefore = ((oldest === undefined ? undefined : checkpointTime(oldest)) ?? Date.now()) - strayAgeMs;
  const isDocument = (key: string): boolean => layout.parse(key)?.kind === "document";
  const goes = ([id, { document }]: readonly [string, ListedCheckpoint]): boolean => {
    if (kept.has(id)) return false;
    // What takes the place of a head that stays may be about to do so.
    if (document === undefined || oldest === undefined) return isOlder(id, strayBefore);
    return document.replaces === undefined || !kept.has(document.replaces);
  };
  // One with values that others refer to stays whole, to tell it from one that is being written.
  const gone = [...checkpoints].filter((entry) => goes(entry) && !entry[1].keys.some((key) => values.has(key)));
  await pMap(
    // The oldest first, so that what is left has no gap if this is stopped.
    gone.toSorted(([one], [other]) => (one < other ? -1 : 1)),
    async ([, { keys }]) => {
      // Its document first, so that nobody finds one without its values.
      for (const part of [keys.filter(isDocument), keys.filter((key) => !isDocument(key))]) {
        await Promise.all(part.map(async (key) => await store.delete(key)));
      }
    },
    { concurrency },
  );
  return gone.filter(([, { document }]) => document !== undefined).length;
}
