import type { Checkpoint, CheckpointStore, GetOptions, PutOptions } from "@holdpoint/core";
import { CheckpointError, createMemoryStore } from "@holdpoint/core";
import { expect, it } from "vitest";

import { createPauseLedger } from "./create-pause-ledger.ts";

/** Shows each write at once, also while nothing acknowledges it, as a master does that has lost its replicas. */
class MasterAlone {
  isAcknowledged = false;
  readonly store: CheckpointStore;

  constructor(good: CheckpointStore) {
    const get = async (key: string, options?: GetOptions): Promise<Checkpoint | null> => {
      if (options?.durable === true) this.#assertAcknowledged();
      return await good.get(key, options);
    };
    const put = async (key: string, body: Uint8Array, options?: PutOptions): Promise<{ readonly version: string }> => {
      const written = await good.put(key, body, options);
      this.#assertAcknowledged("unknown");
      return written;
    };
    this.store = new Proxy(good, {
      get(target, name) {
        if (name === "capabilities") return { ...target.capabilities, showsUnacknowledged: true };
        if (name === "get") return get;
        if (name === "put") return put;
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  }

  #assertAcknowledged(outcome?: "unknown"): void {
    if (!this.isAcknowledged) throw new CheckpointError("unavailable", "no replica has it", { outcome });
  }
}

it("says of nothing that it was done before unless that is as safe as doing it", async () => {
  const master = new MasterAlone(await createMemoryStore());
  const ledger = createPauseLedger(master.store);
  const paused = { id: "task-1", route: { prev: [], curr: "x-pause", next: ["after"] }, payload: { a: 1 } };
  const answer = { id: "task-1", route: { prev: [], curr: "x-resume", next: [] }, payload: { b: 2 } };

  for (const delivery of ["first", "second"]) {
    await expect(ledger.pause(paused), `the ${delivery} delivery`).rejects.toMatchObject({ code: "unavailable" });
  }
  master.isAcknowledged = true;
  expect((await ledger.pause(paused)).outcome).toBe("already-paused");

  master.isAcknowledged = false;
  for (const delivery of ["first", "second"]) {
    await expect(ledger.resume(answer), `the ${delivery} delivery`).rejects.toMatchObject({ code: "unavailable" });
  }
  await expect(ledger.pause(paused), "a late pause").rejects.toMatchObject({ code: "unavailable" });
  master.isAcknowledged = true;
  expect((await ledger.resume(answer)).outcome).toBe("replayed");
});
