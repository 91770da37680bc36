import { setImmediate as letOthersRun, setTimeout as sleep } from "node:timers/promises";

import type { ItemList } from "../listing/item-list.ts";
import type { ListedItem } from "../listing/listed-item.ts";

/** Records beside the holds are gone through so seldom: there may be many. */
const looksPerSweep = 30;
/** So many items are gone through before requests are looked at. */
const itemsAtOnce = 1_000;

/** Whoever has something to do about what a store keeps. */
export interface Watcher {
  /** Takes an item as it was listed. */
  see(item: ListedItem): void;
  /** Goes through the records beside the holds, at first and now and then. */
  sweep(items: readonly ListedItem[]): Promise<void>;
}

/** What looking at a store again and again needs. */
export interface LookoutContext {
  readonly list: ItemList;
  readonly lookEveryMs: number;
  readonly ending: AbortSignal;
  readonly report: (error: Error) => void;
}

/** Shows a watcher all that a store keeps, again and again, until the inbox is closed. */
export async function keepLooking(context: LookoutContext, watcher: Watcher): Promise<void> {
  const { list, ending, report, lookEveryMs } = context;
  let looksToSweep = 0;
  while (!ending.aborted) {
    try {
      const { items, isComplete } = await list.read();
      // Of a part it could not be said which records are of holds that are gone, nor which holds have none.
      if (isComplete) {
        if (looksToSweep <= 0) {
          await watcher.sweep(items);
          looksToSweep = looksPerSweep;
        }
        looksToSweep -= 1;
        for await (const some of inTurns(items)) for (const item of some) watcher.see(item);
      }
    } catch (error) {
      if (!ending.aborted) report(error as Error);
    }
    await sleep(lookEveryMs, undefined, { signal: ending, ref: false }).catch(() => undefined);
  }
}

/** Some of many at a time, so that requests have their turn in between. */
export async function* inTurns<Item>(items: readonly Item[]): AsyncGenerator<readonly Item[]> {
  for (let start = 0; start < items.length; start += itemsAtOnce) {
    if (start > 0) await letOthersRun();
    yield items.slice(start, start + itemsAtOnce);
  }
}
