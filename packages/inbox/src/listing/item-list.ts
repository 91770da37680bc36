import { setImmediate as letOthersRun, setTimeout as sleep } from "node:timers/promises";

import type { PauseLedger } from "@holdpoint/asya";
import type { Holds } from "@holdpoint/core/holds";
import { SeenVersions } from "@holdpoint/core/holds";

import type { ListedItem } from "./listed-item.ts";
import { listedHold, listedTask } from "./listed-item.ts";
import { Listing } from "./listing.ts";

/** For how long a page waits for a listing before it shows what is known. */
const patienceMs = 500;
/** A listing that ended so recently is not made again. */
const freshMs = 500;
/** A listing that takes long is made so seldom that the store is mostly left alone. */
const restPerListing = 4;
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

/**
 * What a store keeps, listed again when somebody looks, once for all who look at the same time. Only what has changed
 * since the last time is read, as far as the store tells.
 */
export class ItemList {
  readonly #holds: Holds;
  readonly #ledger: PauseLedger;
  readonly #now: () => Date;
  readonly #signal: AbortSignal;
  readonly #listing = new Listing();
  readonly #seen = { hold: new SeenVersions(), task: new SeenVersions() };
  /** What {@link update} was told while a listing was made, which may have read it before that. */
  readonly #updated = { hold: new Set<string>(), task: new Set<string>() };
  readonly #listeners = new Set<(changes: readonly ItemChange[]) => void>();
  #isWatching = false;
  #running: Promise<void> | undefined;
  /** When the listing began that is known to be whole; `undefined` before the first. */
  #wholeSince: number | undefined;
  #endedAt = Number.NEGATIVE_INFINITY;
  #tookMs = 0;
  #restMs = freshMs;

  constructor(holds: Holds, ledger: PauseLedger, now: () => Date, signal: AbortSignal) {
    this.#holds = holds;
    this.#ledger = ledger;
    this.#now = now;
    this.#signal = signal;
  }

  /** @throws {CheckpointError} what the store's listing throws */
  async read(): Promise<KnownItems> {
    if (this.#isRested()) {
      const made = this.#refresh();
      // Where it will take longer than anybody waits, nobody does: the list that is there has its age.
      if (this.#tookMs < patienceMs) await withPatience(made);
    }
    return {
      items: this.#listing.oldestFirst,
      isComplete: this.#wholeSince !== undefined,
      ageMs: this.#wholeSince === undefined ? 0 : performance.now() - this.#wholeSince,
      isCut: this.#listing.isCut,
    };
  }

  /** Takes over what was just read, so that whoever changed it sees it changed. */
  update(item: ListedItem): void {
    this.#updated[item.kind].add(item.id);
    this.#tell([{ before: this.#listing.set(item), after: item }]);
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
    return performance.now() - this.#endedAt > this.#restMs;
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
    const beganAt = performance.now();
    const changes: ItemChange[] = [];
    for (const names of Object.values(this.#updated)) names.clear();
    this.#forgetWhatMayHaveChanged();
    try {
      for await (const item of this.#changedItems()) {
        const change = this.#take(item);
        // The first listing is no news to anybody.
        if (change !== undefined && this.#wholeSince !== undefined) changes.push(change);
      }
      for (const kind of ["hold", "task"] as const) {
        for (const id of this.#seen[kind].takeGone()) {
          const before = this.#listing.delete({ kind, id });
          if (before !== undefined) changes.push({ before, after: undefined });
        }
      }
    } finally {
      // What was read stays so, whatever the rest came to.
      this.#tell(changes);
    }
    this.#endedAt = performance.now();
    this.#tookMs = this.#endedAt - beganAt;
    // The first one reads everything, and says nothing of how long the next will take.
    this.#restMs = this.#wholeSince === undefined ? freshMs : Math.max(freshMs, restPerListing * this.#tookMs);
    this.#wholeSince = beganAt;
  }

  async *#changedItems(): AsyncIterable<ListedItem> {
    const signal = this.#signal;
    let taken = 0;
    const next = async (item: ListedItem): Promise<ListedItem> => {
      taken += 1;
      // A store that answers at once would leave no other request its turn.
      if (taken % itemsAtOnce === 0) await letOthersRun();
      return item;
    };
    for await (const hold of this.#holds.list({ signal, seen: this.#seen.hold })) yield await next(listedHold(hold));
    const tasks = { signal, seen: this.#seen.task, sentAnswers: true };
    for await (const task of this.#ledger.list(tasks)) yield await next(listedTask(task));
  }

  /** `undefined` if it looks as it did. */
  #take(item: ListedItem): ItemChange | undefined {
    if (this.#updated[item.kind].has(item.id)) {
      // It may have been read before it was updated, or long after: the next listing tells.
      this.#seen[item.kind].forget(item.id);
      return undefined;
    }
    const before = this.#listing.set(item);
    return before !== undefined && looks(before) === looks(item) ? undefined : { before, after: item };
  }

  /** That a hold's time is over changes how it is shown, and not its document; and for what did not fit there may be room. */
  #forgetWhatMayHaveChanged(): void {
    const now = this.#now();
    for (const { kind, id, state, expiresAt } of this.#listing.values()) {
      const isOver = kind === "hold" && state === "waiting" && expiresAt !== undefined && expiresAt <= now;
      if (isOver) this.#seen.hold.forget(id);
    }
    if (!this.#listing.isCut || !this.#listing.hasRoom) return;
    this.#listing.isCut = false;
    for (const seen of Object.values(this.#seen)) seen.forgetAll();
  }
}

/** What a page shows of an item that can change. */
function looks({ state, since, answers }: ListedItem): string {
  return `${state} ${since?.getTime() ?? ""} ${answers.length}`;
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
