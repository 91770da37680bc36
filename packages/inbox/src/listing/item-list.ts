import type { PauseLedger } from "@holdpoint/asya";
import type { Holds } from "@holdpoint/core/holds";

import type { ListedItem } from "./listed-item.ts";
import { listedHold, listedTask } from "./listed-item.ts";

/** For how long a page waits for a listing before it shows what is known. */
const patienceMs = 1_000;
/** A listing that ended so recently is not made again. */
const freshMs = 500;

/** Everything that a store keeps, as far as it is known. */
export interface KnownItems {
  readonly items: readonly ListedItem[];
  /** Whether it is all: the first listing of a large store takes a while. */
  readonly isComplete: boolean;
}

/** What a store keeps, listed again whenever somebody looks, once for all who look at the same time. */
export class ItemList {
  readonly #holds: Holds;
  readonly #ledger: PauseLedger;
  readonly #signal: AbortSignal;
  #known: Map<string, ListedItem> | undefined;
  #partial = new Map<string, ListedItem>();
  #changed = new Map<string, ListedItem>();
  #running: Promise<void> | undefined;
  #endedAt = Number.NEGATIVE_INFINITY;

  constructor(holds: Holds, ledger: PauseLedger, signal: AbortSignal) {
    this.#holds = holds;
    this.#ledger = ledger;
    this.#signal = signal;
  }

  /** @throws {CheckpointError} what the store's listing throws */
  async read(): Promise<KnownItems> {
    if (performance.now() - this.#endedAt > freshMs) await withPatience(this.#refresh());
    const items = [...(this.#known ?? this.#partial).values()];
    return { items, isComplete: this.#known !== undefined };
  }

  /** Takes over what was just read, so that whoever changed it sees it changed. */
  update(item: ListedItem): void {
    this.#changed.set(keyOf(item), item);
    this.#known?.set(keyOf(item), item);
  }

  #refresh(): Promise<void> {
    this.#running ??= this.#list().finally(() => (this.#running = undefined));
    // Whoever gave up waiting is not there any more to see it fail.
    this.#running.catch(() => undefined);
    return this.#running;
  }

  async #list(): Promise<void> {
    const found = new Map<string, ListedItem>();
    this.#partial = found;
    this.#changed = new Map();
    const signal = this.#signal;
    for await (const hold of this.#holds.list({ signal })) found.set(`hold ${hold.id}`, listedHold(hold));
    for await (const task of this.#ledger.list({ signal })) found.set(`task ${task.taskId}`, listedTask(task));
    this.#known = new Map([...found, ...this.#changed]);
    this.#partial = new Map();
    this.#endedAt = performance.now();
  }
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
