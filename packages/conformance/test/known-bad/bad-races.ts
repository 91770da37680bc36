import type { DriverContext, DriverRecord, DriverWrite } from "@holdpoint/core/driver";
import { PreconditionFailedError } from "@holdpoint/core/driver";

import { SharedMemoryDriver } from "../shared-memory-driver.ts";
import { withDriver } from "./known-bad-store.ts";
import type { KnownBadStore } from "./known-bad-store.ts";

/** Reads, compares, and writes then. */
class ChecksThenWrites extends SharedMemoryDriver {
  override async write(
    key: string,
    body: Uint8Array,
    write: DriverWrite,
    context: DriverContext,
  ): Promise<{ readonly version: string }> {
    const { precondition } = write;
    if (precondition.kind !== "any") {
      const current = await super.read(key, context);
      const holds = precondition.kind === "absent" ? current === null : current?.version === precondition.version;
      if (!holds) throw new PreconditionFailedError();
      await nextTurn();
    }
    return await super.write(key, body, { ...write, precondition: { kind: "any" } }, context);
  }
}

/** Reads, compares, and deletes then. */
class ChecksThenDeletes extends SharedMemoryDriver {
  override async remove(key: string, ifVersion: string | undefined, context: DriverContext): Promise<boolean> {
    if (ifVersion !== undefined) {
      const current = await super.read(key, context);
      if (current === null) return false;
      if (current.version !== ifVersion) throw new PreconditionFailedError();
      await nextTurn();
    }
    return await super.remove(key, undefined, context);
  }
}

/** Remembers for a while that there was nothing, and does not ask again. */
class RemembersThatItWasMissing extends SharedMemoryDriver {
  readonly #missing = new Map<string, number>();

  override async read(key: string, context: DriverContext): Promise<DriverRecord | null> {
    const rememberedReads = this.#missing.get(key) ?? 0;
    this.#missing.set(key, rememberedReads - 1);
    if (rememberedReads > 0) return null;
    const record = await super.read(key, context);
    this.#missing.set(key, record === null ? 50 : 0);
    return record;
  }

  override async write(
    key: string,
    body: Uint8Array,
    write: DriverWrite,
    context: DriverContext,
  ): Promise<{ readonly version: string }> {
    this.#missing.delete(key);
    return await super.write(key, body, write, context);
  }
}

async function nextTurn(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

export const badRaces: readonly KnownBadStore[] = [
  {
    name: "checks, then writes",
    foundBy: "races/one-claimant-wins",
    alsoFails: [
      "races/one-creator-wins",
      "races/contended-counter",
      "races/update-against-delete",
      "races/update-against-conditional-delete",
    ],
    mayFail: ["races/linearizable-history"],
    open: withDriver(ChecksThenWrites),
  },
  {
    name: "checks, then deletes",
    foundBy: "races/update-against-conditional-delete",
    mayFail: ["races/linearizable-history"],
    open: withDriver(ChecksThenDeletes),
  },
  {
    name: "remembers that a key was missing",
    foundBy: "races/linearizable-history",
    options: { processes: 6, raceRounds: 20 },
    open: withDriver(RemembersThatItWasMissing),
  },
];
