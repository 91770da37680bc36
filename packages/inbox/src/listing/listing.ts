import type { ListedItem } from "./listed-item.ts";
import { byAge } from "./listed-item.ts";

/** So many of each kind are kept, however many there are. */
const maxOpen = 200_000;
const maxEnded = 100_000;

/** What is known of the items of a store, up to a number. */
export class Listing {
  readonly #items = new Map<string, ListedItem>();
  #open = 0;
  #ended = 0;
  #oldestFirst: readonly ListedItem[] | undefined;
  /** Whether there are more than are kept. */
  isCut = false;

  /** Whether whatever there is more of could be kept. */
  get hasRoom(): boolean {
    return this.#open < maxOpen && this.#ended < maxEnded;
  }

  values(): IterableIterator<ListedItem> {
    return this.#items.values();
  }

  /** All of them in the order of pages, put in order once for all who look before the next change. */
  get oldestFirst(): readonly ListedItem[] {
    this.#oldestFirst ??= [...this.#items.values()].toSorted(byAge);
    return this.#oldestFirst;
  }

  /** Takes an item, if it can be kept; returns what was known of it before. */
  set(item: ListedItem): ListedItem | undefined {
    const before = this.delete(item);
    this.#oldestFirst = undefined;
    const hasRoom = isEnded(item) ? this.#ended < maxEnded : this.#open < maxOpen;
    if (hasRoom) {
      this.#count(item, 1);
      this.#items.set(keyOf(item), item);
    } else this.isCut = true;
    return before;
  }

  /** Returns what was known of it. */
  delete(named: Pick<ListedItem, "kind" | "id">): ListedItem | undefined {
    const before = this.#items.get(keyOf(named));
    if (before === undefined) return undefined;
    this.#oldestFirst = undefined;
    this.#count(before, -1);
    this.#items.delete(keyOf(named));
    return before;
  }

  #count(item: ListedItem, by: 1 | -1): void {
    if (isEnded(item)) this.#ended += by;
    else this.#open += by;
  }
}

function isEnded({ kind, state }: ListedItem): boolean {
  // An answered task has gone on; of an answered hold somebody has yet to act.
  if (kind === "task" && state === "answered") return true;
  return state === "done" || state === "rejected" || state === "canceled" || state === "expired";
}

function keyOf({ kind, id }: Pick<ListedItem, "kind" | "id">): string {
  return `${kind} ${id}`;
}
