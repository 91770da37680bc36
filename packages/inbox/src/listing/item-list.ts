import { setImmediate as letOthersRun, setTimeout as sleep } from "node:timers/promises";

import type { PauseLedger } from "@holdpoint/asya";
import type { Holds } from "@holdpoint/core/holds";

import type { ListedItem } from "./listed-item.ts";
import { listedHold, listedTask } from "./listed-item.ts";

/** For how long a page waits for a listing before it shows what is known. */
const patienceMs = 500;
/** A listing that ended so recently is not made again. */
const freshMs = 500;
/** A listing that takes long is made so seldom that the store is mostly left alone. */
const restPerListing = 4;
/** So many of each kind are kept, however many there are. */
const maxOpen = 200_000;
const maxEnded = 100_000;
/** How often is looked while pages stand open that want to be told. */
const watchEveryMs = 2_000;
/** So many are taken before other requests are looked at. */
const itemsAtOnce = 200;

/** Everything that a store keeps, as far as it is known. */
export interface KnownItems {
  readonly items: readonly ListedItem[];
  /** Whether it is all: the first listing of a large store takes a while. */
  readonly isComplete: boolean;
  /** How long ago that was, in milliseconds. */
  readonly ageMs: number;
  /** Whether there are more than are kept. */
  readonly isCut: boolean;
}

/** An item that is not as it was; `undefined` where there was or is none. */
export interface ItemChange {
  readonly before: ListedItem | undefined;
  readonly after: ListedItem | undefined;
}

/** What a store keeps, listed again when somebody looks, once for all who look at the same time. */
export class ItemList {
  readonly #holds: Holds;
  readonly #ledger: PauseLedger;
  readonly #signal: AbortSignal;
  #known: Listing | undefined;
  #partial = new Listing();
  #changed = new Map<string, ListedItem>();
  readonly #listeners = new Set<(changes: readonly ItemChange[]) => void>();
  #isWatching = false;
  #running: Promise<void> | undefined;
  #endedAt = Number.NEGATIVE_INFINITY;
  #tookMs = 0;

  constructor(holds: Holds, ledger: PauseLedger, signal: AbortSignal) {
    this.#holds = holds;
    this.#ledger = ledger;
    this.#signal = signal;
  }

  /** @throws {CheckpointError} what the store's listing throws */
  async read(): Promise<KnownItems> {
    if (this.#isRested()) await withPatience(this.#refresh());
    const listing = this.#known ?? this.#partial;
    return {
      items: [...listing.items.values()],
      isComplete: this.#known !== undefined,
      ageMs: this.#known === undefined ? 0 : performance.now() - this.#known.beganAt,
      isCut: listing.isCut,
    };
  }

  /** Takes over what was just read, so that whoever changed it sees it changed. */
  update(item: ListedItem): void {
    this.#changed.set(keyOf(item), item);
    const before = this.#known?.items.get(keyOf(item));
    this.#known?.add(item);
    this.#tell([{ before, after: item }]);
  }

  /** Is told of all that changes, until the returned function is called. While anybody is, the store is looked at. */
  subscribe(listener: (changes: readonly ItemChange[]) => void): () => void {
    this.#listeners.add(listener);
    if (!this.#isWatching) void this.#watch();
    return () => void this.#listeners.delete(listener);
  }

  async #watch(): Promise<void> {
    this.#isWatching = true;
    while (this.#listeners.size > 0 && !this.#signal.aborted) {
      // A store that is away is looked at again; the pages say that it is.
      if (this.#isRested()) await this.#refresh().catch(() => undefined);
      await sleep(watchEveryMs, undefined, { signal: this.#signal, ref: false }).catch(() => undefined);
    }
    this.#isWatching = false;
  }

  #isRested(): boolean {
    return performance.now() - this.#endedAt > Math.max(freshMs, restPerListing * this.#tookMs);
  }

  #tell(changes: readonly ItemChange[]): void {
    if (changes.length > 0) for (const listener of this.#listeners) listener(changes);
  }

  #refresh(): Promise<void> {
    this.#running ??= this.#list().finally(() => (this.#running = undefined));
    // Whoever gave up waiting is not there any more to see it fail.
    this.#running.catch(() => undefined);
    return this.#running;
  }

  async #list(): Promise<void> {
    const found = new Listing();
    this.#partial = found;
    this.#changed = new Map();
    const signal = this.#signal;
    for await (const hold of this.#holds.list({ signal })) await found.take(listedHold(hold));
    for await (const task of this.#ledger.list({ signal })) await found.take(listedTask(task));
    for (const item of this.#changed.values()) found.add(item);
    const before = this.#known;
    this.#known = found;
    this.#partial = new Listing();
    this.#endedAt = performance.now();
    this.#tookMs = this.#endedAt - found.beganAt;
    if (before !== undefined && this.#listeners.size > 0) this.#tell(changesBetween(before.items, found.items));
  }
}

/** The items of one listing, up to a number. */
class Listing {
  readonly beganAt = performance.now();
  readonly items = new Map<string, ListedItem>();
  isCut = false;
  #open = 0;
  #ended = 0;

  async take(item: ListedItem): Promise<void> {
    this.add(item);
    // A store that answers at once would leave no other request its turn.
    if (this.items.size % itemsAtOnce === 0) await letOthersRun();
  }

  add(item: ListedItem): void {
    const key = keyOf(item);
    if (this.items.has(key)) {
      this.items.set(key, item);
      return;
    }
    const hasRoom = isEnded(item) ? this.#ended < maxEnded : this.#open < maxOpen;
    if (!hasRoom) {
      this.isCut = true;
      return;
    }
    if (isEnded(item)) this.#ended += 1;
    else this.#open += 1;
    this.items.set(key, item);
  }
}

function changesBetween(
  before: ReadonlyMap<string, ListedItem>,
  after: ReadonlyMap<string, ListedItem>,
): readonly ItemChange[] {
  const changes: ItemChange[] = [];
  for (const [key, item] of after) {
    const earlier = before.get(key);
    if (earlier === undefined || looks(earlier) !== looks(item)) changes.push({ before: earlier, after: item });
  }
  for (const [key, item] of before) if (!after.has(key)) changes.push({ before: item, after: undefined });
  return changes;
}

/** What a page shows of an item that can change. */
function looks({ state, since, answers }: ListedItem): string {
  return `${state} ${since?.getTime() ?? ""} ${answers.length}`;
}

function isEnded({ state }: ListedItem): boolean {
  return state === "done" || state === "rejected" || state === "canceled" || state === "expired";
}

function keyOf({ kind, id }: ListedItem): string {
  return `${kind} ${id}`;
}

async function withPatience(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patienceMs);
  });
  try {
    await Promise.race([work, patience]);
  } finally {
    clearTimeout(timer);
  }
}
