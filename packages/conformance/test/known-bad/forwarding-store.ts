import type {
  Capabilities,
  Checkpoint,
  CheckpointEntry,
  CheckpointStore,
  DeleteOptions,
  GetOptions,
  ListOptions,
  OperationOptions,
  PutOptions,
  StoreOptions,
} from "@holdpoint/core";
import { createStore } from "@holdpoint/core/driver";

import type { MemoryShelf } from "../memory-shelf.ts";
import { SharedMemoryDriver } from "../shared-memory-driver.ts";
import type { KnownBadStore } from "./known-bad-store.ts";

/** A good store, for others to be wrong on top of. */
export class ForwardingStore implements CheckpointStore {
  readonly #good: CheckpointStore;

  constructor(good: CheckpointStore) {
    this.#good = good;
  }

  get backend(): string {
    return this.#good.backend;
  }

  get location(): string {
    return this.#good.location;
  }

  get capabilities(): Capabilities {
    return this.#good.capabilities;
  }

  get(key: string, options?: GetOptions): Promise<Checkpoint | null> {
    return this.#good.get(key, options);
  }

  put(key: string, body: Uint8Array, options?: PutOptions): Promise<{ readonly version: string }> {
    return this.#good.put(key, body, options);
  }

  delete(key: string, options?: DeleteOptions): Promise<boolean> {
    return this.#good.delete(key, options);
  }

  list(options?: ListOptions): AsyncIterable<CheckpointEntry> {
    return this.#good.list(options);
  }

  check(options?: OperationOptions): Promise<void> {
    return this.#good.check(options);
  }

  close(): Promise<void> {
    return this.#good.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** How to open a store that is wrong on top of a good one. */
export function onTopOfGood(
  Store: new (good: CheckpointStore, shelf: MemoryShelf) => CheckpointStore,
): KnownBadStore["open"] {
  return (shelf: MemoryShelf, options: StoreOptions) =>
    new Store(createStore(new SharedMemoryDriver(shelf), options), shelf);
}
