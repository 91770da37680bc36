import type { CheckpointStore } from "../store/checkpoint-store.ts";
import { actOnHold } from "./act-on-hold.ts";
import { answerHold } from "./answer-hold.ts";
import { cancelHold } from "./cancel-hold.ts";
import { claimHold, finishClaim, renewClaim } from "./claim-hold.ts";
import { expireHolds } from "./expire-holds.ts";
import { forgetHold } from "./forget-hold.ts";
import { HoldError } from "./hold-error.ts";
import { readId } from "./hold-id.ts";
import type { Holds } from "./holds.ts";
import { inspectHold, listHolds } from "./list-holds.ts";
import type { HoldEnvironment } from "./machine/hold-environment.ts";
import { systemEnvironment } from "./machine/hold-environment.ts";
import { HoldMachine } from "./machine/hold-machine.ts";
import { pruneHolds } from "./machine/prune-holds.ts";
import { openHold } from "./open-hold.ts";
import { programDocuments } from "./program-documents.ts";
import { pruneLeases } from "./prune-leases.ts";
import { settleHold } from "./settle-hold.ts";
import { HoldWaiters } from "./wait-for-hold.ts";

/** Options of {@link createHolds}. */
export interface HoldsOptions {
  /** The clock. @default the system's */
  readonly now?: (() => Date) | undefined;
  /**
   * For how long after its time a question still waits, in milliseconds, since clocks differ. @default 5000
   */
  readonly expiryMarginMs?: number | undefined;
  /**
   * How long after its end a hold is forgotten, in milliseconds; the store removes it then. What {@link Holds.forget}
   * says holds here too. Needs the store's capability `ttl`. @default never
   */
  readonly forgetAfterMs?: number | undefined;
}

/**
 * Makes holds on top of a store.
 *
 * @throws {HoldError} `invalid-argument`, also if `forgetAfterMs` is given and the store has no TTL
 * @example
 * ```ts
 * await using store = await openStore("file:///state");
 * const holds = createHolds(store);
 * ```
 */
export function createHolds(store: CheckpointStore, options: HoldsOptions = {}): Holds {
  const { now, expiryMarginMs, forgetAfterMs } = options;
  if (expiryMarginMs !== undefined && !(expiryMarginMs >= 0)) {
    throw new HoldError("invalid-argument", `expiryMarginMs is ${expiryMarginMs}; expected 0 or more.`);
  }
  if (forgetAfterMs !== undefined && !(Number.isSafeInteger(forgetAfterMs) && forgetAfterMs >= 1)) {
    throw new HoldError("invalid-argument", `forgetAfterMs is ${forgetAfterMs}; expected a whole number from 1.`);
  }
  if (forgetAfterMs !== undefined && !store.capabilities.ttl) {
    throw new HoldError(
      "invalid-argument",
      `forgetAfterMs needs a store that expires values by itself, and ${store.location} does not. Leave it out, and run prune.`,
    );
  }
  return createHoldsIn(store, systemEnvironment(now, expiryMarginMs), forgetAfterMs);
}

/** The same with an environment of the caller's. */
export function createHoldsIn(store: CheckpointStore, environment: HoldEnvironment, forgetAfterMs?: number): Holds {
  const machine = new HoldMachine(store, programDocuments, { ttlMs: forgetAfterMs }, environment);
  const unstarted = new Set<string>();
  const waiters = new HoldWaiters(machine);
  return {
    open: async (id, request, openOptions = {}) => await openHold(machine, readId(id), request, openOptions),
    answer: async (id, answer, answerOptions = {}) => await answerHold(machine, readId(id), answer, answerOptions),
    act: async (id, work, actOptions = {}) => await actOnHold(machine, unstarted, readId(id), work, actOptions),
    claim: async (id, claimOptions = {}) => await claimHold(machine, readId(id), claimOptions),
    renew: async (id, token, renewOptions = {}) => await renewClaim(machine, readId(id), token, renewOptions),
    finish: async (id, token, finish, finishOptions = {}) =>
      await finishClaim(machine, readId(id), token, finish, finishOptions),
    settle: async (id, settlement, settleOptions = {}) =>
      await settleHold(machine, readId(id), settlement, settleOptions),
    wait: async (id, waitOptions = {}) => await waiters.wait(readId(id), waitOptions),
    cancel: async (id, cancelOptions = {}) => await cancelHold(machine, readId(id), cancelOptions),
    inspect: async (id, inspectOptions = {}) => await inspectHold(machine, readId(id), inspectOptions),
    list: (listOptions = {}) => listHolds(machine, listOptions),
    expire: async ({ id, ...expireOptions } = {}) =>
      await expireHolds(machine, id === undefined ? expireOptions : { ...expireOptions, id: readId(id) }),
    prune: async (pruneOptions) => {
      const counts = await pruneHolds(machine, { ...pruneOptions, mayRemove: false });
      const { olderThanMs: _olderThanMs, dryRun = false, onProgress: _onProgress, ...rest } = pruneOptions;
      if (!dryRun) await pruneLeases(machine, rest);
      return counts;
    },
    forget: async (id, forgetOptions = {}) => await forgetHold(machine, readId(id), forgetOptions),
  };
}
