import { randomUUID } from "node:crypto";

import { CheckpointError } from "@holdpoint/core";
import type {
  Checkpoint,
  CheckpointEntry,
  CheckpointStore,
  DeleteOptions,
  ListOptions,
  OperationOptions,
  PutOptions,
  StoreOptions,
} from "@holdpoint/core";
import { createStore, PreconditionFailedError } from "@holdpoint/core/driver";
import type { CheckpointDriver, DriverContext, DriverFailure, DriverRecord, DriverWrite } from "@holdpoint/core/driver";

import { ConnectionLostError } from "../line-client.ts";
import { BusyError, LineDriver } from "../line-driver.ts";
import type { LineLocation } from "../line-driver.ts";
import type { LineAnswer, LineRequest } from "../line-server.ts";
import { ForwardingStore } from "./forwarding-store.ts";

/** A store on a line server that does wrong when something goes wrong. */
export interface BadUnderFaults {
  readonly name: string;
  /** The case that is there for this. */
  readonly foundBy: string;
  /** Other cases that cannot but fail too. */
  readonly alsoFails?: readonly string[] | undefined;
  /** Cases that fail only if the timing is right. */
  readonly mayFail?: readonly string[] | undefined;
  readonly open: (location: LineLocation, options: StoreOptions) => CheckpointStore;
}

type Written = Promise<{ readonly version: string }>;

function withDriver(Driver: new (location: LineLocation) => CheckpointDriver): BadUnderFaults["open"] {
  return (location, options) => createStore(new Driver(location), options);
}

function onTopOfGood(
  Store: new (good: CheckpointStore) => CheckpointStore,
  changed: StoreOptions = {},
): BadUnderFaults["open"] {
  return (location, options) => new Store(createStore(new LineDriver(location), { ...options, ...changed }));
}

function isUnknown(error: unknown): error is CheckpointError {
  return CheckpointError.is(error) && error.outcome === "unknown";
}

function conflictOf(error: CheckpointError): CheckpointError {
  const { backend, operation, key } = error;
  return new CheckpointError("conflict", error.message, { backend, operation, key, outcome: "not-applied" });
}

function isConditional({ ifAbsent, ifVersion }: PutOptions): boolean {
  return ifAbsent === true || ifVersion !== undefined;
}

/** What is there now; `undefined` if that cannot be found out in time. */
async function look(
  store: CheckpointStore,
  key: string,
  { signal, timeoutMs }: OperationOptions,
): Promise<Checkpoint | null | undefined> {
  return await store.get(key, { signal, timeoutMs }).catch(() => undefined);
}

/** Sends a write again as soon as its connection breaks, as many clients do by themselves. */
class RepeatsBlindly extends LineDriver {
  override async write(key: string, body: Uint8Array, write: DriverWrite, context: DriverContext): Written {
    try {
      return await super.write(key, body, write, context);
    } catch (error) {
      if (!(error instanceof ConnectionLostError)) throw error;
      return await super.write(key, body, write, context);
    }
  }
}

/** Takes whatever it finds after a lost answer for the reason that its own write did not happen. */
class TakesAnyForAnothers extends ForwardingStore {
  override async put(key: string, body: Uint8Array, options: PutOptions = {}): Written {
    try {
      return await super.put(key, body, options);
    } catch (error) {
      if (!isUnknown(error) || !isConditional(options)) throw error;
      const found = await look(this, key, options);
      throw found && found.version !== options.ifVersion ? conflictOf(error) : error;
    }
  }
}

/** Remembers which keys a precondition has failed on. */
class RemembersRefusals extends LineDriver {
  readonly refused = new Set<string>();

  override async write(key: string, body: Uint8Array, write: DriverWrite, context: DriverContext): Written {
    try {
      return await super.write(key, body, write, context);
    } catch (error) {
      if (error instanceof PreconditionFailedError) this.refused.add(key);
      throw error;
    }
  }
}

/** Hands on what the server said last, although its own first attempt may be what the second one has met. */
class TakesDoubtForConflict extends ForwardingStore {
  readonly #refused: ReadonlySet<string>;

  constructor(driver: RemembersRefusals, options: StoreOptions) {
    super(createStore(driver, options));
    this.#refused = driver.refused;
  }

  override async put(key: string, body: Uint8Array, options: PutOptions = {}): Written {
    try {
      return await super.put(key, body, options);
    } catch (error) {
      if (!isUnknown(error) || !this.#refused.has(key)) throw error;
      const { message, backend, operation, outcome } = error;
      throw new CheckpointError("conflict", message, { backend, operation, key, outcome });
    }
  }
}

/** Takes what it finds after a lost answer for its own. */
class TakesAnyForOwn extends ForwardingStore {
  override async put(key: string, body: Uint8Array, options: PutOptions = {}): Written {
    try {
      return await super.put(key, body, options);
    } catch (error) {
      // Without a broken connection, the cause of a conflict is what the server said.
      const inDoubt = CheckpointError.is(error) && error.cause instanceof ConnectionLostError;
      const found = inDoubt && isConditional(options) ? await look(this, key, options) : undefined;
      if (!found || found.version === options.ifVersion) throw error;
      return { version: found.version };
    }
  }
}

/** Does not know its own writes again. */
class KeepsNoWriteId extends LineDriver {
  override async read(key: string, context: DriverContext): Promise<DriverRecord | null> {
    const record = await super.read(key, context);
    return record === null ? null : { ...record, writeId: undefined };
  }
}

/** Hopes for the best when there is no answer. */
class HopesForTheBest extends ForwardingStore {
  override async put(key: string, body: Uint8Array, options: PutOptions = {}): Written {
    try {
      return await super.put(key, body, options);
    } catch (error) {
      if (isUnknown(error) && error.code === "timeout") return { version: `hoped ${randomUUID()}` };
      throw error;
    }
  }
}

/** Takes a write without an answer for one that failed. */
class TakesSilenceForFailure extends ForwardingStore {
  override async put(key: string, body: Uint8Array, options: PutOptions = {}): Written {
    try {
      return await super.put(key, body, options);
    } catch (error) {
      if (!isUnknown(error) || error.code !== "timeout") throw error;
      const { code, message, backend, operation, retryable } = error;
      throw new CheckpointError(code, message, { backend, operation, key, retryable, outcome: "not-applied" });
    }
  }
}

/** Writes what it cannot find. */
class Resurrects extends ForwardingStore {
  override async put(key: string, body: Uint8Array, options: PutOptions = {}): Written {
    try {
      return await super.put(key, body, options);
    } catch (error) {
      if (!isUnknown(error) || (await look(this, key, options)) !== null) throw error;
      return await super.put(key, body, { ...options, ifVersion: undefined });
    }
  }
}

/** Takes a deadline for a wish. */
class ForgetsDeadline extends ForwardingStore {
  override put(key: string, body: Uint8Array, options: PutOptions = {}): Written {
    return super.put(key, body, { ...options, timeoutMs: undefined });
  }
}

/** Takes a signal, and waits for the server. */
class ForgetsSignal extends ForwardingStore {
  override get(key: string, options: OperationOptions = {}): Promise<Checkpoint | null> {
    return super.get(key, { ...options, signal: undefined });
  }
}

/** Has said that a write failed, and tries it again all the same. */
class TriesAgainInSecret extends ForwardingStore {
  #closed = false;

  override async put(key: string, body: Uint8Array, options: PutOptions = {}): Written {
    try {
      return await super.put(key, body, options);
    } catch (error) {
      const hopes = CheckpointError.is(error) && error.retryable && !this.#closed;
      if (hopes) setTimeout(() => void this.put(key, body, options).catch(() => undefined), 10);
      throw error;
    }
  }

  override async close(): Promise<void> {
    this.#closed = true;
    await super.close();
  }
}

/** Keeps what could not be sent, and sends it when the server is back. */
class KeepsForLater extends LineDriver {
  readonly #kept: Omit<LineRequest, "id">[] = [];

  protected override async request(request: Omit<LineRequest, "id">, context: DriverContext): Promise<LineAnswer> {
    try {
      const answer = await super.request(request, context);
      for (const kept of this.#kept.splice(0)) await super.request(kept, context).catch(() => undefined);
      return answer;
    } catch (error) {
      if (error instanceof ConnectionLostError && !error.wasSent && request.do !== "get") this.#kept.push(request);
      throw error;
    }
  }
}

/** Gives up for good when the server is away. */
class GivesUpForGood extends LineDriver {
  #failure: unknown;

  protected override async request(request: Omit<LineRequest, "id">, context: DriverContext): Promise<LineAnswer> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return await super.request(request, context);
    } catch (error) {
      if (error instanceof ConnectionLostError && !error.wasSent) this.#failure = error;
      throw error;
    }
  }
}

/** Takes a page that does not come for the end. */
class TakesFailureForTheEnd extends ForwardingStore {
  override async *list(options: ListOptions = {}): AsyncIterable<CheckpointEntry> {
    try {
      yield* super.list(options);
    } catch (error) {
      if (!CheckpointError.is(error, "unavailable")) throw error;
    }
  }
}

/** Takes every error of the server for its last word. */
class TakesBusyForNever extends LineDriver {
  override classify(error: unknown): DriverFailure {
    return { ...super.classify(error), ...(error instanceof BusyError ? { retryable: false } : {}) };
  }
}

/** A store and another one on it that tries everything only once. */
class TriesOnce extends ForwardingStore {
  protected readonly once: CheckpointStore;

  constructor(good: CheckpointStore, once: CheckpointStore) {
    super(good);
    this.once = once;
  }

  override async close(): Promise<void> {
    await this.once.close();
    await super.close();
  }
}

class ReadsOnce extends TriesOnce {
  override get(key: string, options?: OperationOptions): Promise<Checkpoint | null> {
    return this.once.get(key, options);
  }
}

/** Says whether the last of its attempts has removed something. */
class CountsLastAttempt extends TriesOnce {
  override async delete(key: string, options: DeleteOptions = {}): Promise<boolean> {
    try {
      return await this.once.delete(key, options);
    } catch (error) {
      if (!CheckpointError.is(error) || !error.retryable) throw error;
      return await super.delete(key, options);
    }
  }
}

function besideGood(
  Store: new (good: CheckpointStore, once: CheckpointStore) => CheckpointStore,
): BadUnderFaults["open"] {
  return (location, options) =>
    new Store(
      createStore(new LineDriver(location), options),
      createStore(new LineDriver(location), { ...options, maxAttempts: 1 }),
    );
}

/** Names a version after the write that made it, however often that was done. */
class NamesVersionsByWrite extends LineDriver {
  protected override async request(request: Omit<LineRequest, "id">, context: DriverContext): Promise<LineAnswer> {
    return await super.request({ ...request, version: request.writeId }, context);
  }
}

/** Stores a large value in two steps. */
class WritesInTwoSteps extends LineDriver {
  override async write(key: string, body: Uint8Array, write: DriverWrite, context: DriverContext): Written {
    if (body.byteLength < 1_000) return await super.write(key, body, write, context);
    const { version } = await super.write(key, body.subarray(0, 1_000), write, context);
    return await super.write(key, body, { ...write, precondition: { kind: "version", version } }, context);
  }
}

/** Sends a write again whose answer was lost, and leaves out the condition, which has held already. */
class DropsConditionOnRepetition extends LineDriver {
  override async write(key: string, body: Uint8Array, write: DriverWrite, context: DriverContext): Written {
    try {
      return await super.write(key, body, write, context);
    } catch (error) {
      if (!(error instanceof ConnectionLostError) || !error.wasSent) throw error;
      return await super.write(key, body, { ...write, precondition: { kind: "any" } }, context);
    }
  }
}

/** Has said that nobody knows, and tells whoever asks what it would have liked to store. */
class ReadsWhatItWished extends ForwardingStore {
  readonly #wished = new Map<string, Uint8Array>();

  override async put(key: string, body: Uint8Array, options: PutOptions = {}): Written {
    this.#wished.delete(key);
    try {
      return await super.put(key, body, options);
    } catch (error) {
      if (isUnknown(error)) this.#wished.set(key, body);
      throw error;
    }
  }

  override async get(key: string, options?: OperationOptions): Promise<Checkpoint | null> {
    const found = await super.get(key, options);
    const body = this.#wished.get(key);
    this.#wished.delete(key);
    return body === undefined ? found : { key, body, version: `wished ${randomUUID()}` };
  }
}

/** Every store that is wrong under faults; the suite must find each out. */
export const badUnderFaults: readonly BadUnderFaults[] = [
  {
    name: "repeats a conditional write blindly",
    foundBy: "faults/asks-before-it-writes-again",
    alsoFails: [
      "faults/own-create-that-landed",
      "faults/own-update-that-landed",
      "faults/removed-since-stays-removed",
      "faults/replaced-since-is-no-conflict",
    ],
    mayFail: ["faults/one-claimant-wins"],
    open: withDriver(RepeatsBlindly),
  },
  {
    name: "reports its own write as a conflict",
    foundBy: "faults/own-create-that-landed",
    alsoFails: ["faults/own-update-that-landed", "faults/replaced-since-is-no-conflict"],
    // A write may have arrived just before the server was away, and then meets itself.
    mayFail: ["faults/one-claimant-wins", "faults/given-up-write-is-not-sent-later"],
    open: (location, options) => new TakesAnyForAnothers(createStore(new KeepsNoWriteId(location), options)),
  },
  {
    name: "reports a write that was replaced since as a conflict",
    foundBy: "faults/replaced-since-is-no-conflict",
    // Where the machine is so busy that the winner's own write ends in doubt, nobody has won.
    mayFail: ["faults/one-claimant-wins"],
    open: onTopOfGood(TakesAnyForAnothers),
  },
  {
    name: "reports a conflict that nobody has seen",
    foundBy: "faults/conflict-is-certain",
    open: (location, options) => new TakesDoubtForConflict(new RemembersRefusals(location), options),
  },
  {
    name: "reports another's write as its own",
    foundBy: "faults/anothers-write-is-a-conflict",
    mayFail: ["faults/one-claimant-wins"],
    open: onTopOfGood(TakesAnyForOwn),
  },
  {
    name: "reports a write as applied when nobody can know",
    foundBy: "faults/unknown-is-said",
    alsoFails: ["faults/deadline-under-a-black-hole", "faults/linearizable-history"],
    mayFail: ["faults/nothing-after-the-deadline"],
    open: onTopOfGood(HopesForTheBest),
  },
  {
    name: "reports a write as failed when nobody can know",
    foundBy: "faults/unknown-is-said",
    open: onTopOfGood(TakesSilenceForFailure),
  },
  {
    name: "resurrects after a cut",
    foundBy: "faults/removed-since-stays-removed",
    open: onTopOfGood(Resurrects),
  },
  {
    name: "forgets the deadline",
    foundBy: "faults/deadline-under-a-black-hole",
    alsoFails: ["faults/nothing-after-the-deadline", "faults/unknown-is-said"],
    // Whether its first attempt meets the connection as it breaks: then it waits for the server to come back.
    mayFail: ["faults/given-up-write-is-not-sent-later"],
    open: onTopOfGood(ForgetsDeadline),
  },
  {
    name: "forgets the signal",
    foundBy: "faults/cancelled-under-a-black-hole",
    open: onTopOfGood(ForgetsSignal),
  },
  {
    name: "tries again in secret",
    foundBy: "faults/nothing-after-the-deadline",
    alsoFails: ["faults/given-up-write-is-not-sent-later"],
    open: onTopOfGood(TriesAgainInSecret),
  },
  {
    name: "keeps writes for when the server is back",
    foundBy: "faults/given-up-write-is-not-sent-later",
    open: withDriver(KeepsForLater),
  },
  {
    name: "never connects again",
    foundBy: "faults/works-again-afterwards",
    alsoFails: ["faults/given-up-write-is-not-sent-later"],
    open: withDriver(GivesUpForGood),
  },
  {
    name: "takes a failed listing for a short one",
    foundBy: "faults/listing-is-never-cut-short",
    open: onTopOfGood(TakesFailureForTheEnd),
  },
  {
    name: "gives up on a busy server",
    foundBy: "faults/passing-errors-are-outlived",
    open: withDriver(TakesBusyForNever),
  },
  {
    name: "reads only once",
    foundBy: "faults/reads-are-repeated",
    alsoFails: ["faults/passing-errors-are-outlived"],
    mayFail: ["faults/given-up-write-is-not-sent-later", "faults/works-again-afterwards"],
    open: besideGood(ReadsOnce),
  },
  {
    name: "tries everything only once",
    foundBy: "faults/write-that-never-arrived",
    alsoFails: ["faults/own-delete-that-landed", "faults/passing-errors-are-outlived", "faults/reads-are-repeated"],
    // Whether it has noticed by then that its connection is gone.
    mayFail: ["faults/given-up-write-is-not-sent-later", "faults/works-again-afterwards"],
    open: onTopOfGood(ForwardingStore, { maxAttempts: 1 }),
  },
  {
    name: "counts only the last attempt at a deletion",
    foundBy: "faults/own-delete-that-landed",
    alsoFails: ["faults/replaced-since-is-no-conflict"],
    open: besideGood(CountsLastAttempt),
  },
  {
    name: "stores a large value in two steps",
    foundBy: "faults/failed-write-leaves-the-old-value",
    open: withDriver(WritesInTwoSteps),
  },
  {
    name: "names versions after writes",
    foundBy: "faults/repeated-write-has-another-version",
    open: withDriver(NamesVersionsByWrite),
  },
  {
    name: "applies a conditional write twice",
    // A history finds it too, but not where a machine is so busy that nobody writes in between.
    foundBy: "faults/asks-before-it-writes-again",
    alsoFails: [
      "faults/anothers-write-is-a-conflict",
      "faults/conflict-is-certain",
      "faults/removed-since-stays-removed",
      "faults/replaced-since-is-no-conflict",
    ],
    mayFail: ["faults/one-claimant-wins"],
    open: withDriver(DropsConditionOnRepetition),
  },
  {
    name: "reads what it would have liked to write",
    foundBy: "faults/linearizable-history",
    open: onTopOfGood(ReadsWhatItWished),
  },
];
