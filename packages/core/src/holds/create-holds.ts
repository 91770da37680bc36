import type { CheckpointStore } from "../store/checkpoint-store.ts";
import { actOnHold } from "./act-on-hold.ts";
import { answerHold } from "./answer-hold.ts";
import { cancelHold } from "./cancel-hold.ts";
import { assertHoldId } from "./hold-id.ts";
import type { Holds } from "./holds.ts";
import { inspectHold, listHolds } from "./list-holds.ts";
import type { HoldEnvironment } from "./machine/hold-environment.ts";
import { systemEnvironment } from "./machine/hold-environment.ts";
import { HoldMachine } from "./machine/hold-machine.ts";
import { pruneHolds } from "./machine/prune-holds.ts";
import { openHold } from "./open-hold.ts";
import { programKind } from "./program-kind.ts";

/** Options of {@link createHolds}. */
export interface HoldsOptions {
  /** The clock. @default the system's */
  readonly now?: (() => Date) | undefined;
}

/**
 * Makes holds on top of a store.
 *
 * @example
 * ```ts
 * await using store = await openStore("file:///state");
 * const holds = createHolds(store);
 * ```
 */
export function createHolds(store: CheckpointStore, options: HoldsOptions = {}): Holds {
  return createHoldsIn(store, systemEnvironment(options.now));
}

/** The same with an environment of the caller's. */
export function createHoldsIn(store: CheckpointStore, environment: HoldEnvironment): Holds {
  const machine = new HoldMachine(store, programKind(environment), {}, environment);
  return {
    open: async (id, request, openOptions = {}) => {
      assertHoldId(id);
      return await openHold(machine, id, request, openOptions);
    },
    answer: async (id, answer, answerOptions = {}) => {
      assertHoldId(id);
      return await answerHold(machine, id, answer, answerOptions);
    },
    act: async (id, work, actOptions = {}) => {
      assertHoldId(id);
      return await actOnHold(machine, id, work, actOptions);
    },
    cancel: async (id, cancelOptions = {}) => {
      assertHoldId(id);
      return await cancelHold(machine, id, cancelOptions);
    },
    inspect: async (id, inspectOptions = {}) => {
      assertHoldId(id);
      return await inspectHold(machine, id, inspectOptions);
    },
    list: (listOptions = {}) => listHolds(machine, listOptions),
    prune: async (pruneOptions) => await pruneHolds(machine, { ...pruneOptions, mayRemove: false }),
  };
}
