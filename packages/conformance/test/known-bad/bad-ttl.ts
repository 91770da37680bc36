import type { DriverContext, DriverRecord, DriverWrite, ReadContext } from "@holdpoint/core/driver";

import type { MemoryShelf } from "../memory-shelf.ts";
import { SharedMemoryDriver } from "../shared-memory-driver.ts";
import { sharedState, withDriver } from "./known-bad-store.ts";
import type { KnownBadStore } from "./known-bad-store.ts";

type Written = { readonly version: string };

/** Updates without the time to live, as the call that takes a condition has no place for it. */
class DropsTtlOnUpdate extends SharedMemoryDriver {
  override async write(key: string, body: Uint8Array, write: DriverWrite, context: DriverContext): Promise<Written> {
    const ttlMs = write.precondition.kind === "version" ? undefined : write.ttlMs;
    return await super.write(key, body, { ...write, ttlMs }, context);
  }
}

const expiries = sharedState(() => new Map<string, number>());

/** Leaves the time to live of the old value on the new one. */
class KeepsOldTtl extends SharedMemoryDriver {
  readonly #expiries: Map<string, number>;

  constructor(shelf: MemoryShelf) {
    super(shelf);
    this.#expiries = expiries(shelf);
  }

  override async write(key: string, body: Uint8Array, write: DriverWrite, context: DriverContext): Promise<Written> {
    const leftMs = Math.ceil((this.#expiries.get(key) ?? 0) - performance.now());
    const ttlMs = write.ttlMs ?? (leftMs > 0 ? leftMs : undefined);
    const written = await super.write(key, body, { ...write, ttlMs }, context);
    this.#expiries.set(key, ttlMs === undefined ? 0 : performance.now() + ttlMs);
    return written;
  }

  override async remove(key: string, ifVersion: string | undefined, context: DriverContext): Promise<boolean> {
    const removed = await super.remove(key, ifVersion, context);
    this.#expiries.delete(key);
    return removed;
  }
}

/** Hands milliseconds to a server that takes seconds. */
class TakesMillisecondsForSeconds extends SharedMemoryDriver {
  override async write(key: string, body: Uint8Array, write: DriverWrite, context: DriverContext): Promise<Written> {
    const ttlMs = write.ttlMs === undefined ? undefined : write.ttlMs * 1000;
    return await super.write(key, body, { ...write, ttlMs }, context);
  }
}

/** Rounds down to the seconds that the server counts in, and up to the least that it takes. */
class ExpiresEarly extends SharedMemoryDriver {
  override async write(key: string, body: Uint8Array, write: DriverWrite, context: DriverContext): Promise<Written> {
    const ttlMs = write.ttlMs === undefined ? undefined : Math.max(1, Math.floor(write.ttlMs / 1_000_000));
    return await super.write(key, body, { ...write, ttlMs }, context);
  }
}

/** Uses a timer, which takes anything over 24 days for one millisecond. */
class OverflowsTimer extends SharedMemoryDriver {
  override async write(key: string, body: Uint8Array, write: DriverWrite, context: DriverContext): Promise<Written> {
    const ttlMs = write.ttlMs !== undefined && write.ttlMs >= 2 ** 31 ? 1 : write.ttlMs;
    return await super.write(key, body, { ...write, ttlMs }, context);
  }
}

/** Makes sure of what it has read by storing it again as it is, and forgets that it was to expire. */
class ReadsDurablyForEver extends SharedMemoryDriver {
  override async read(key: string, context: ReadContext): Promise<DriverRecord | null> {
    const record = await super.read(key, context);
    if (!context.durable || record === null) return record;
    const write = { precondition: { kind: "any" }, writeId: "again", ttlMs: undefined } as const;
    return { ...record, ...(await this.write(key, record.body, write, context)) };
  }
}

/** Says in seconds what is asked for in milliseconds. */
class SaysSeconds extends SharedMemoryDriver {
  override async timeToLive(key: string, context: DriverContext): Promise<number | null> {
    const leftMs = await super.timeToLive(key, context);
    return leftMs === null ? null : leftMs / 1_000;
  }
}

const whateverWaits = [
  "ttl/expired-is-absent",
  "ttl/conditional-update-sets-it",
  "ttl/write-without-clears-it",
  "ttl/failed-condition-keeps-it",
  "ttl/durable-read-keeps-it",
  "ttl/long",
  "ttl/time-left",
];

export const badTtl: readonly KnownBadStore[] = [
  {
    name: "drops the time to live on a conditional update",
    foundBy: "ttl/conditional-update-sets-it",
    open: withDriver(DropsTtlOnUpdate),
  },
  {
    name: "keeps the old time to live on a write without one",
    foundBy: "ttl/write-without-clears-it",
    alsoFails: ["ttl/time-left"],
    open: withDriver(KeepsOldTtl),
  },
  {
    name: "takes milliseconds for seconds",
    foundBy: "ttl/expires",
    alsoFails: whateverWaits,
    open: withDriver(TakesMillisecondsForSeconds),
  },
  {
    name: "expires early",
    foundBy: "ttl/expires",
    // What is first read after the time it should have lived seems to have expired in time, so there is time enough.
    options: { ttlMs: 30_000 },
    mayFail: whateverWaits,
    open: withDriver(ExpiresEarly),
  },
  {
    name: "takes the time to live away by reading durably",
    foundBy: "ttl/durable-read-keeps-it",
    // What is stored again has another version.
    alsoFails: ["round-trips/durable-read", "sizes/up-to-what-is-wanted"],
    open: withDriver(ReadsDurablyForEver),
  },
  { name: "says in seconds how long a value has left", foundBy: "ttl/time-left", open: withDriver(SaysSeconds) },
  { name: "cannot wait for long", foundBy: "ttl/long", open: withDriver(OverflowsTimer) },
];
