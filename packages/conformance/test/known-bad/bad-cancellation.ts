import { setTimeout as sleep } from "node:timers/promises";

import type {
  Checkpoint,
  CheckpointEntry,
  DeleteOptions,
  ListOptions,
  OperationOptions,
  PutOptions,
} from "@holdpoint/core";

import { ForwardingStore, onTopOfGood } from "./forwarding-store.ts";
import type { KnownBadStore } from "./known-bad-store.ts";

/** Takes a signal and never looks at it. */
class IgnoresSignal extends ForwardingStore {
  override get(key: string, options: OperationOptions = {}): Promise<Checkpoint | null> {
    return super.get(key, { ...options, signal: undefined });
  }

  override put(key: string, body: Uint8Array, options: PutOptions = {}): Promise<{ readonly version: string }> {
    return super.put(key, body, { ...options, signal: undefined });
  }

  override delete(key: string, options: DeleteOptions = {}): Promise<boolean> {
    return super.delete(key, { ...options, signal: undefined });
  }

  override list(options: ListOptions = {}): AsyncIterable<CheckpointEntry> {
    return super.list({ ...options, signal: undefined });
  }

  override check(options: OperationOptions = {}): Promise<void> {
    return super.check({ ...options, signal: undefined });
  }
}

/** Looks at the signal once, and then waits for the server come what may. */
class LooksAtSignalOnce extends ForwardingStore {
  override async get(key: string, options: OperationOptions = {}): Promise<Checkpoint | null> {
    const { signal } = options;
    const found = await super.get(key, signal?.aborted === true ? options : { ...options, signal: undefined });
    if (signal?.aborted === true) await sleep(200);
    return found;
  }
}

/** Writes, and finds out then that it was told not to. */
class WritesBeforeItLooks extends ForwardingStore {
  override async put(key: string, body: Uint8Array, options: PutOptions = {}): Promise<{ readonly version: string }> {
    if (options.signal?.aborted === true) await super.put(key, body, { ...options, signal: undefined });
    return await super.put(key, body, options);
  }
}

/** Takes any number for a deadline. */
class TakesAnyDeadline extends ForwardingStore {
  override check(options: OperationOptions = {}): Promise<void> {
    return super.check({ signal: options.signal });
  }
}

export const badCancellation: readonly KnownBadStore[] = [
  {
    name: "ignores the signal",
    foundBy: "cancellation/before-the-start",
    alsoFails: ["cancellation/of-a-listing"],
    open: onTopOfGood(IgnoresSignal),
  },
  {
    name: "looks at the signal only once",
    foundBy: "cancellation/on-the-way",
    open: onTopOfGood(LooksAtSignalOnce),
  },
  {
    name: "writes before it looks at the signal",
    foundBy: "cancellation/before-the-start",
    open: onTopOfGood(WritesBeforeItLooks),
  },
  {
    name: "takes any number for a deadline",
    foundBy: "cancellation/invalid-deadline-is-refused",
    open: onTopOfGood(TakesAnyDeadline),
  },
];
