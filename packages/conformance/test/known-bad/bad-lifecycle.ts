import type { CheckpointStore, StoreOptions } from "@holdpoint/core";
import { createStore } from "@holdpoint/core/driver";

import type { MemoryShelf } from "../memory-shelf.ts";
import { SharedMemoryDriver } from "../shared-memory-driver.ts";
import { ForwardingStore, onTopOfGood } from "./forwarding-store.ts";
import { sharedState } from "./known-bad-store.ts";
import type { KnownBadStore } from "./known-bad-store.ts";

/** Closes a connection that is closed already. */
class ClosesOnce extends ForwardingStore {
  #closed = false;

  override async close(): Promise<void> {
    if (this.#closed) throw new Error("Connection is closed.");
    this.#closed = true;
    await super.close();
  }
}

/** Has nothing to close, and does not care. */
class GoesOnAfterClose extends ForwardingStore {
  override async close(): Promise<void> {}
}

/** `await using` was added later, and forgotten in one place. */
class ForgetsDispose extends ForwardingStore {
  override async [Symbol.asyncDispose](): Promise<void> {}
}

const connections = sharedState(() => ({ current: undefined as CheckpointStore | undefined }));

/** All clients of a process share a connection, and the first that closes it closes it for all. */
class SharesConnection extends ForwardingStore {
  readonly #connection: { current: CheckpointStore | undefined };

  constructor(connection: { current: CheckpointStore | undefined }, store: CheckpointStore) {
    super(store);
    this.#connection = connection;
  }

  static open(shelf: MemoryShelf, options: StoreOptions): CheckpointStore {
    const connection = connections(shelf);
    const own = createStore(new SharedMemoryDriver(shelf), options);
    connection.current ??= own;
    return new SharesConnection(connection, connection.current);
  }

  override async close(): Promise<void> {
    this.#connection.current = undefined;
    await super.close();
  }
}

export const badLifecycle: readonly KnownBadStore[] = [
  { name: "cannot be closed twice", foundBy: "lifecycle/close-twice", open: onTopOfGood(ClosesOnce) },
  {
    name: "goes on after it was closed",
    foundBy: "lifecycle/use-after-close",
    alsoFails: ["lifecycle/await-using", "lifecycle/close-on-the-way"],
    open: onTopOfGood(GoesOnAfterClose),
  },
  { name: "forgets await using", foundBy: "lifecycle/await-using", open: onTopOfGood(ForgetsDispose) },
  {
    name: "closes the connection of others",
    foundBy: "lifecycle/others-go-on",
    alsoFails: ["lifecycle/use-after-close", "lifecycle/close-on-the-way"],
    open: (shelf, options) => SharesConnection.open(shelf, options),
  },
];
