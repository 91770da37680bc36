import type { ConformanceOptions } from "@holdpoint/conformance/run";
import type { CheckpointStore, StoreOptions } from "@holdpoint/core";
import { createStore } from "@holdpoint/core/driver";
import type { CheckpointDriver } from "@holdpoint/core/driver";

import type { MemoryShelf } from "../memory-shelf.ts";

/** A store that is wrong in one way, and the cases that must find it out. */
export interface KnownBadStore {
  readonly name: string;
  /** The case that is there for this. */
  readonly foundBy: string;
  /** Other cases that cannot but fail too. */
  readonly alsoFails?: readonly string[] | undefined;
  /** Cases that fail only if the timing is right. */
  readonly mayFail?: readonly string[] | undefined;
  /** What it takes for it to show, where that is more than the usual. */
  readonly options?: ConformanceOptions | undefined;
  readonly open: (shelf: MemoryShelf, options: StoreOptions) => CheckpointStore;
}

/** How to open a store whose driver is wrong. */
export function withDriver(Driver: new (shelf: MemoryShelf) => CheckpointDriver): KnownBadStore["open"] {
  return (shelf, options) => createStore(new Driver(shelf), options);
}

/** State that all clients of a shelf share. */
export function sharedState<State>(create: () => State): (shelf: MemoryShelf) => State {
  const states = new WeakMap<MemoryShelf, State>();
  return (shelf) => {
    const state = states.get(shelf) ?? create();
    states.set(shelf, state);
    return state;
  };
}
