import type { CheckpointStore } from "@holdpoint/core";
import { createPauseLedger } from "@holdpoint/asya";
import { createMemoryStore } from "@holdpoint/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { pauseEnvelope, resumeEnvelope } from "../../asya/test/ledger-fixture.ts";
import { withoutConditionalDelete } from "../../asya/test/without-conditional-delete.ts";
import type { CopyRemark, CopyReport, CopyStoreOptions } from "../src/copy/copy-store.ts";
import { copyStore } from "../src/copy/copy-store.ts";

const key = "paused/task-1.json";
const nothing: CopyReport = {
  copied: 0,
  alreadyThere: 0,
  updated: 0,
  gone: 0,
  ahead: 0,
  differing: 0,
  failed: 0,
  verified: 0,
  onlyInTarget: 0,
  waitingOnlyInTarget: 0,
  canceled: 0,
};

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Everything that a store has, as text. */
async function contents(store: CheckpointStore): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for await (const entry of store.list()) {
    found[entry.key] = Buffer.from((await store.get(entry.key))?.body ?? []).toString("latin1");
  }
  return found;
}

type Method = "get" | "put" | "delete" | "list";

/** The same store, with something that happens once, right after its first request of a kind. */
function afterFirst(store: CheckpointStore, method: Method, happen: () => Promise<unknown>): CheckpointStore {
  let happened = false;
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      if (name !== method) return member.bind(target);
      return async (...parameters: readonly unknown[]): Promise<unknown> => {
        try {
          return await Reflect.apply(member, target, parameters);
        } finally {
          if (!happened) {
            happened = true;
            await happen();
          }
        }
      };
    },
  });
}

async function twoStores(): Promise<readonly [from: CheckpointStore, to: CheckpointStore]> {
  return [await createMemoryStore(), await createMemoryStore()];
}

async function copy(
  from: CheckpointStore,
  to: CheckpointStore,
  options: CopyStoreOptions = {},
): Promise<{ readonly report: CopyReport; readonly remarks: readonly string[] }> {
  const remarks: string[] = [];
  const onRemark = async ({ outcome, key: of, detail }: CopyRemark): Promise<void> => {
    remarks.push(`${outcome} ${of}: ${detail}`);
  };
  return { report: await copyStore(from, to, { ...options, onRemark }), remarks };
}

describe("copyStore", () => {
  it("copies every key byte for byte, whatever it is", async () => {
    const [from, to] = await twoStores();
    const keys = ["paused/a.json", "superseded/a/1.json", "../é", "x", "x/y", " "];
    for (const of of keys) await from.put(of, bytes(`value of ${of}`));
    await from.put(
      "binary",
      Uint8Array.from({ length: 256 }, (_, byte) => byte),
    );
    await from.put("empty", new Uint8Array());
    const { report, remarks } = await copy(from, to);
    expect(report).toEqual({ ...nothing, copied: 8, verified: 8 });
    expect(remarks).toEqual([]);
    expect(await contents(to)).toEqual(await contents(from));
  });

  it("writes nothing that is there, and only what begins with the prefix", async () => {
    const [from, to] = await twoStores();
    for (const of of ["paused/a", "paused/b", "other/c"]) await from.put(of, bytes(of));
    await to.put("paused/a", bytes("paused/a"));
    const { version } = (await to.get("paused/a")) ?? {};
    const { report } = await copy(from, to, { prefix: "paused/" });
    expect(report).toEqual({ ...nothing, copied: 1, alreadyThere: 1, verified: 2 });
    expect((await to.get("paused/a"))?.version).toBe(version);
    expect(Object.keys(await contents(to)).toSorted()).toEqual(["paused/a", "paused/b"]);
  });

  it("leaves alone what is something else in the target, unless it is told to update", async () => {
    const [from, to] = await twoStores();
    await from.put("note", bytes("one"));
    await to.put("note", bytes("two"));
    const { report, remarks } = await copy(from, to);
    expect(report).toEqual({ ...nothing, differing: 1 });
    expect(remarks).toEqual([expect.stringMatching(/^differs note: .*nothing tells which/u)]);
    expect(await contents(to)).toEqual({ note: "two" });
    expect((await copy(from, to, { update: true })).report).toEqual({ ...nothing, updated: 1, verified: 1 });
    expect(await contents(to)).toEqual({ note: "one" });
  });

  it("does not overwrite on --update what changes between the look and the write", async () => {
    const [from, to] = await twoStores();
    await from.put("note", bytes("one"));
    await to.put("note", bytes("two"));
    let rounds = 0;
    const busy = new Proxy(to, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== "function") return member;
        if (name !== "get") return member.bind(target);
        return async (of: string): Promise<unknown> => {
          const found = await target.get(of);
          await target.put(of, bytes(`change ${(rounds += 1)}`));
          return found;
        };
      },
    });
    const { report } = await copy(from, busy, { update: true });
    expect(report).toMatchObject({ updated: 0, differing: 1 });
    expect(await contents(to)).toEqual({ note: `change ${rounds}` });
  });

  it("brings up to date what an earlier run copied, so that a task that was resumed since cannot be resumed again", async () => {
    const [from, to] = await twoStores();
    const ledger = createPauseLedger(from);
    await ledger.pause(pauseEnvelope());
    await copy(from, to);
    await ledger.resume(resumeEnvelope());
    const { report } = await copy(from, to);
    expect(report).toEqual({ ...nothing, updated: 1, verified: 1 });
    const again = createPauseLedger(to).resume(resumeEnvelope({ id: "another" }));
    await expect(again).rejects.toMatchObject({ code: "already-resumed" });
  });

  it.each([{}, { update: true }])("leaves a task alone that has gone on in the target (%o)", async (options) => {
    const [from, to] = await twoStores();
    await createPauseLedger(from).pause(pauseEnvelope());
    await copy(from, to);
    await createPauseLedger(to).resume(resumeEnvelope());
    const resumed = await contents(to);
    const { report, remarks } = await copy(from, to, options);
    expect(report).toEqual({ ...nothing, ahead: 1 });
    expect(remarks).toEqual([expect.stringMatching(/^ahead paused\/task-1\.json: /u)]);
    expect(await contents(to)).toEqual(resumed);
  });

  it("names a task that was resumed in both places, and leaves it alone", async () => {
    const [from, to] = await twoStores();
    await createPauseLedger(from).pause(pauseEnvelope());
    await copy(from, to);
    await createPauseLedger(from).resume(resumeEnvelope());
    await createPauseLedger(to).resume(resumeEnvelope({ id: "another" }));
    const resumed = await contents(to);
    expect((await copy(from, to)).report).toEqual({ ...nothing, differing: 1 });
    expect(await contents(to)).toEqual(resumed);
  });

  it("says what only the target has", async () => {
    const [from, to] = await twoStores();
    await from.put("a", bytes("a"));
    await to.put("b", bytes("b"));
    const { report, remarks } = await copy(from, to);
    expect(report).toEqual({ ...nothing, copied: 1, verified: 1, onlyInTarget: 1 });
    expect(remarks).toEqual([expect.stringMatching(/^only-in-target b: /u)]);
  });

  it("names tasks that were resumed by removing them from the source, and cancels them if it is told to", async () => {
    const [from, to] = await twoStores();
    for (const id of ["task-1", "task-2"]) await createPauseLedger(from).pause(pauseEnvelope({ id }));
    await from.put("other", bytes("other"));
    await copy(from, to);
    await from.delete(key);
    await from.delete("other");
    const first = await copy(from, to);
    expect(first.report).toMatchObject({ onlyInTarget: 2, waitingOnlyInTarget: 1, canceled: 0 });
    expect(first.remarks.toSorted()[1]).toMatch(/^only-in-target paused\/task-1\.json: it waits in the target/u);

    const second = await copy(from, to, { cancelRemoved: true });
    expect(second.report).toMatchObject({ onlyInTarget: 2, waitingOnlyInTarget: 0, canceled: 1 });
    const resume = createPauseLedger(to).resume(resumeEnvelope());
    await expect(resume).rejects.toMatchObject({ code: "canceled" });
    expect(await createPauseLedger(to).inspect("task-2")).toMatchObject({ state: "paused" });
    expect((await copy(from, to, { cancelRemoved: true })).report).toMatchObject({
      canceled: 0,
      waitingOnlyInTarget: 0,
    });
  });

  it("writes nothing in a dry run, and says what it would do", async () => {
    const [from, to] = await twoStores();
    await createPauseLedger(from).pause(pauseEnvelope());
    await copy(from, to);
    await createPauseLedger(from).cancel("task-1");
    await from.put("new", bytes("new"));
    await from.put("same", bytes("same"));
    await to.put("same", bytes("same"));
    await from.put("other", bytes("one"));
    await to.put("other", bytes("two"));
    const before = await contents(to);
    const { report } = await copy(from, to, { dryRun: true });
    expect(report).toEqual({ ...nothing, copied: 1, alreadyThere: 1, updated: 1, differing: 1, onlyInTarget: null });
    expect(await contents(to)).toEqual(before);
  });

  it("counts what the target cannot take, and copies the rest", async () => {
    const [from, to] = await twoStores();
    await from.put("large", new Uint8Array(20));
    await from.put("small", new Uint8Array(1));
    const narrow = new Proxy(to, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== "function") return member;
        if (name !== "put") return member.bind(target);
        return async (of: string, body: Uint8Array, options: object): Promise<unknown> =>
          body.byteLength > 10 ? await target.put("", body) : await target.put(of, body, options);
      },
    });
    const { report, remarks } = await copy(from, narrow);
    expect(report).toEqual({ ...nothing, copied: 1, failed: 1, verified: 1 });
    expect(remarks).toEqual([expect.stringMatching(/^failed large: memory: cannot put/u)]);
  });

  it("reports how far it is", async () => {
    const [from, to] = await twoStores();
    for (const of of ["a", "b", "c"]) await from.put(of, bytes(of));
    const shown: string[] = [];
    await copyStore(from, to, {
      concurrency: 1,
      onProgress: async ({ phase, done, total }) => void shown.push(`${phase} ${done}/${total}`),
    });
    const phases = ["copying", "verifying"];
    expect(shown).toEqual(phases.flatMap((phase) => [1, 2, 3].map((done) => `${phase} ${done}/3`)));
  });

  it("stops when it is told to", async () => {
    const [from, to] = await twoStores();
    await from.put("a", bytes("a"));
    await expect(copy(from, to, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("what changes while it is copied", () => {
  it("is copied as it is in the source afterwards", async () => {
    const [from, to] = await twoStores();
    await from.put("note", bytes("before"));
    const watched = afterFirst(to, "put", () => from.put("note", bytes("after")));
    expect((await copy(from, watched)).report).toEqual({ ...nothing, updated: 1, verified: 1 });
    expect(await contents(to)).toEqual({ note: "after" });
  });

  it("is taken back if the source has it no more", async () => {
    const [from, to] = await twoStores();
    await from.put(key, bytes("{}"));
    const watched = afterFirst(to, "put", () => from.delete(key));
    expect((await copy(from, watched)).report).toEqual({ ...nothing, gone: 1 });
    expect(await contents(to)).toEqual({});
  });

  it("is named if the source has it no more, and the target cannot delete under a condition", async () => {
    const [from, to] = await twoStores();
    await from.put(key, bytes("{}"));
    const watched = afterFirst(withoutConditionalDelete(to), "put", () => from.delete(key));
    const { report, remarks } = await copy(from, watched);
    expect(report.onlyInTarget).toBe(1);
    expect(remarks).toEqual([expect.stringMatching(/^only-in-target paused\/task-1\.json: /u)]);
  });

  it("is left alone if somebody has changed it in the target since it was written", async () => {
    const [from, to] = await twoStores();
    await from.put("note", bytes("before"));
    const watched = afterFirst(to, "put", async () => {
      await from.put("note", bytes("after"));
      await to.put("note", bytes("somebody's"));
    });
    expect((await copy(from, watched)).report).toMatchObject({ differing: 1, verified: 0 });
    expect(await contents(to)).toEqual({ note: "somebody's" });
  });

  it("is not written again if somebody has removed it from the target since it was written", async () => {
    const [from, to] = await twoStores();
    await from.put("note", bytes("before"));
    let writes = 0;
    const watched = afterFirst(to, "put", async () => {
      writes += 1;
      await from.put("note", bytes("after"));
      await to.delete("note");
    });
    const { copyKey } = await import("../src/copy/copy-key.ts");
    const outcome = await copyKey({ from, to: watched, update: true, signal: undefined }, "note");
    expect(outcome).toEqual({ kind: "differs", problem: "somebody removed it from the target meanwhile" });
    expect([await contents(to), writes]).toEqual([{}, 1]);
  });

  it("is copied, too, if it came after the source was listed", async () => {
    const [from, to] = await twoStores();
    await from.put("a", bytes("a"));
    const watched = afterFirst(to, "put", () => from.put("b", bytes("b")));
    expect((await copy(from, watched)).report).toMatchObject({ copied: 2, verified: 2 });
    expect(await contents(to)).toEqual({ a: "a", b: "b" });
  });

  it("leaves no task resumable that was resumed, whatever the order of events", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.boolean(), async (scheduler, update) => {
        const [source, target] = await twoStores();
        const [from, to] = [scheduled(source, scheduler), scheduled(target, scheduler)];
        const ids = ["one", "two"];
        for (const id of ids) await createPauseLedger(source).pause(pauseEnvelope({ id }));
        const resume = async (store: CheckpointStore, id: string, by: string): Promise<string | undefined> => {
          const answer = resumeEnvelope({ id: by, headers: { "x-asya-resume-task": id } });
          return await createPauseLedger(store)
            .resume(answer)
            .then(() => by)
            .catch(() => undefined);
        };
        const events = Promise.all([
          copyStore(from, to, { update, concurrency: 2 }),
          resume(from, "one", "answer in the source"),
          resume(to, "two", "answer in the target"),
        ]);
        const [, inSource, inTarget] = await scheduler.waitFor(events);
        // The actors have stopped: now everything is brought up to date.
        await copyStore(source, target, { update });
        expect(inSource).toBe("answer in the source");
        expect(await resume(target, "one", "once more")).toBeUndefined();
        if (inTarget !== undefined) expect(await resume(target, "two", "once more")).toBeUndefined();
      }),
      { numRuns: 100 },
    );
  });
});

/** Lets a scheduler choose the order in which requests of concurrent callers reach a store. */
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
