import { createMemoryStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import fc from "fast-check";
import { expect, it } from "vitest";

import { atNextPause, pauseEnvelope, resumeEnvelope } from "../test/ledger-fixture.ts";
import { withoutConditionalDelete } from "../test/without-conditional-delete.ts";
import { createPauseLedger } from "./create-pause-ledger.ts";

/** Lets a scheduler choose the order in which requests of concurrent callers reach the store. */
function scheduled(store: CheckpointStore, scheduler: fc.Scheduler): CheckpointStore {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      if (!["get", "put", "delete"].includes(String(name))) return member.bind(target);
      return async (...parameters: readonly unknown[]): Promise<unknown> => {
        await scheduler.schedule(Promise.resolve(), String(name));
        return await Reflect.apply(member, target, parameters);
      };
    },
  });
}

it.each([
  ["with", (store: CheckpointStore) => store],
  ["without", withoutConditionalDelete],
])("never takes a new pause with the old tombstone, on a store %s conditional delete", async (_name, adapt) => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.boolean(), async (scheduler, keepsTrail) => {
      const store = adapt(await createMemoryStore());
      const ledger = createPauseLedger(store);
      await ledger.pause(pauseEnvelope({ route: { prev: [], curr: "x-pause", next: ["fix", "x-pause", "end"] } }));
      const resume = resumeEnvelope({ id: "task-1" });
      const { message } = await ledger.resume(resume);
      const next = atNextPause(resume, message, keepsTrail ? {} : { headers: {} });

      const racing = createPauseLedger(scheduled(store, scheduler));
      const work = Promise.all([
        racing.pause(next),
        racing.prune({ olderThanMs: 0 }),
        racing.prune({ olderThanMs: 0 }),
      ]);
      await scheduler.waitFor(work);
      expect((await work)[0].outcome).toBe("paused");
      expect(await ledger.inspect("task-1")).toMatchObject({ state: "paused" });
      await store.close();
    }),
    { numRuns: 200 },
  );
});

it.each([
  ["with", (store: CheckpointStore) => store],
  ["without", withoutConditionalDelete],
])("counts beforehand what it will do, on a store %s conditional delete", async (_name, adapt) => {
  const store = adapt(await createMemoryStore());
  const ledger = createPauseLedger(store);
  for (const id of ["waiting", "resumed", "canceled"]) await ledger.pause(pauseEnvelope({ id }));
  await ledger.resume(resumeEnvelope({ id: "answer", headers: { "x-asya-resume-task": "resumed" } }));
  await ledger.cancel("canceled");
  const stored = async (): Promise<unknown> =>
    await Array.fromAsync(store.list(), async ({ key }) => await store.get(key));
  const before = await stored();
  const foretold = await ledger.prune({ olderThanMs: 0, dryRun: true });
  expect(await stored()).toEqual(before);
  const progress: unknown[] = [];
  expect(await ledger.prune({ olderThanMs: 0, onProgress: (soFar) => progress.push(soFar) })).toEqual(foretold);
  expect(foretold.removed + foretold.compacted).toBe(2);
  expect(progress).toHaveLength(3);
  expect(progress.at(-1)).toEqual(foretold);
});

it("empties what it may not delete, once, and still refuses another answer", async () => {
  const ledger = createPauseLedger(withoutConditionalDelete(await createMemoryStore()));
  await ledger.pause(pauseEnvelope());
  await ledger.resume(resumeEnvelope());
  expect(await ledger.prune({ olderThanMs: 0 })).toEqual({ examined: 1, removed: 0, compacted: 1 });
  expect(await ledger.prune({ olderThanMs: 0 })).toEqual({ examined: 1, removed: 0, compacted: 0 });
  await expect(ledger.resume(resumeEnvelope({ id: "late" }))).rejects.toMatchObject({ code: "already-resumed" });
  await expect(ledger.prune({ olderThanMs: Number.NaN })).rejects.toMatchObject({ code: "invalid-argument" });
});
