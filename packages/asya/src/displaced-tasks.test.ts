import { createMemoryStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { SeenVersions } from "@holdpoint/core/holds";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { atNextPause, openLedger, pauseEnvelope, readJson, resumeEnvelope } from "../test/ledger-fixture.ts";
import { createPauseLedger } from "./create-pause-ledger.ts";
import type { Envelope } from "./envelope.ts";
import type { PauseLedger, TaskSummary } from "./pause-ledger.ts";

const at = (day: number, parts: Partial<Envelope> = {}): Envelope =>
  pauseEnvelope({ status: { created_at: `2026-01-${String(day).padStart(2, "0")}T00:00:00Z` }, ...parts });
const list = async (ledger: PauseLedger): Promise<readonly TaskSummary[]> => await Array.fromAsync(ledger.list());
const waitingOf = async (ledger: PauseLedger): Promise<readonly string[]> =>
  await Array.fromAsync(ledger.list({ state: "paused" }), ({ taskId }) => taskId);
const answer = (task: string, id: string): Envelope =>
  resumeEnvelope({ id, headers: { "x-asya-resume-task": task }, payload: {} });

describe("what was displaced", () => {
  it("is listed, shown, resumed once, pauses again, and is pruned", async () => {
    const { ledger } = await openLedger();
    const route = { prev: [], curr: "x-pause", next: ["fix", "x-pause", "end"] };
    await ledger.pause(at(1, { route, payload: { n: 1 } }));
    await ledger.pause(at(2, { payload: { n: 2 } }));
    const displaced = (await list(ledger)).find(({ displacedFrom }) => displacedFrom === "task-1");
    const id = displaced?.taskId ?? "";
    expect(displaced).toMatchObject({
      state: "paused",
      key: expect.stringMatching(/^superseded\/task-1\//u) as unknown,
    });
    expect(await ledger.inspect(id)).toMatchObject({ message: { payload: { n: 1 } }, displacedFrom: "task-1" });
    expect(await ledger.inspect("task-1")).toMatchObject({ message: { payload: { n: 2 } } });

    const first = answer(id, "a");
    const { message, taskId } = await ledger.resume(first);
    expect({ taskId, payload: message.payload }).toEqual({ taskId: id, payload: { n: 1 } });
    expect((await ledger.resume(first)).message).toEqual(message);
    await expect(ledger.resume(answer(id, "b"))).rejects.toMatchObject({ code: "already-resumed" });
    const second = await ledger.pause(atNextPause(first, message));
    expect(second).toMatchObject({ outcome: "paused", key: displaced?.key });
    expect(await ledger.inspect(id)).toMatchObject({ state: "paused", sequence: 2 });
    expect(await ledger.inspect("a")).toMatchObject({ taskId: id });
    expect(await ledger.cancel(id)).toBe(true);
    // Its second id goes once nothing stands behind it any more, which may be at the next run.
    for (const removed of [1, 1, 0]) expect(await ledger.prune({ olderThanMs: 0 })).toMatchObject({ removed });
    expect(await waitingOf(ledger)).toEqual(["task-1"]);
  });

  it("is not paused again by its message, delivered again", async () => {
    const { ledger } = await openLedger();
    await ledger.pause(at(1));
    await ledger.pause(at(2));
    expect(await ledger.pause(at(1))).toMatchObject({ outcome: "stale" });
    expect(await waitingOf(ledger)).toHaveLength(2);
  });

  it("is found by its second id, which the newer task does not answer to", async () => {
    const { ledger } = await openLedger();
    await ledger.pause(at(1, { headers: { "x-asya-a2a-task-id": "a2a-1" }, payload: { n: 1 } }));
    await ledger.pause(at(2, { headers: { "x-asya-a2a-task-id": "a2a-2" }, payload: { n: 2 } }));
    expect((await ledger.resume(answer("a2a-1", "r"))).message.payload).toEqual({ n: 1 });
    expect((await ledger.resume(answer("a2a-2", "s"))).message.payload).toEqual({ n: 2 });
  });

  it("is read where an earlier version put it", async () => {
    const { ledger, store } = await openLedger();
    await ledger.pause(at(1));
    const body = (await store.get("paused/task-1.json"))?.body ?? new Uint8Array();
    const { _holdpoint } = await readJson(store, "paused/task-1.json");
    const { digest } = (_holdpoint as { readonly point: { readonly mark: { readonly digest: string } } }).point.mark;
    await store.put(`superseded/task-1/${digest}.json`, body);
    await store.delete("paused/task-1.json");
    await ledger.pause(at(2));
    expect(await ledger.resume(answer(`task-1~displaced-${digest}`, "r"))).toMatchObject({ outcome: "resumed" });
  });

  it("keeps every one of many with equal content", async () => {
    const { ledger } = await openLedger();
    for (const day of [1, 2, 3, 4]) await ledger.pause(at(day));
    expect(new Set(await waitingOf(ledger)).size).toBe(4);
  });

  it("is void where the newer one did not take its place after all", async () => {
    const { ledger, store } = await openLedger();
    const crashing = new Proxy(store, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (name !== "put" || typeof member !== "function") {
          return typeof member === "function" ? member.bind(target) : member;
        }
        return async (key: string, body: Uint8Array, options: { readonly ifVersion?: string }) => {
          if (options.ifVersion !== undefined) throw new Error("the process dies");
          return await target.put(key, body, options);
        };
      },
    });
    await ledger.pause(at(1));
    await expect(createPauseLedger(crashing).pause(at(2))).rejects.toThrow("dies");
    const keys = async (): Promise<readonly string[]> => await Array.fromAsync(store.list(), ({ key }) => key);
    expect(await keys()).toHaveLength(2);
    const copy = (await keys()).find((key) => key.startsWith("superseded/")) ?? "";
    const id = `task-1~displaced-${copy.slice(-37, -5)}`;
    const expectVoid = async (): Promise<void> => {
      expect(await list(ledger)).toHaveLength(1);
      expect(await ledger.inspect(id)).toBeNull();
      await expect(ledger.resume(answer(id, "twice"))).rejects.toMatchObject({ code: "task-not-found" });
    };
    await expectVoid();
    await ledger.resume(answer("task-1", "once"));
    await expectVoid();
    await ledger.prune({ olderThanMs: 3_600_000_000 });
    expect(await keys()).toEqual(["paused/task-1.json"]);
  });

  it("is listed until its successor has taken its place back, which its own document does not show", async () => {
    const { ledger, store } = await openLedger();
    await ledger.pause(at(1));
    const before = await store.get("paused/task-1.json");
    await ledger.pause(at(2));
    const seen = new SeenVersions();
    const look = async (): Promise<number> => (await Array.fromAsync(ledger.list({ seen }))).length;
    expect([await look(), seen.takeGone().size]).toEqual([2, 0]);
    // Somebody restores what stood there before.
    await store.put("paused/task-1.json", before?.body ?? new Uint8Array());
    expect([await look(), seen.takeGone().size]).toEqual([1, 1]);
    await store.delete("paused/task-1.json");
    expect([await look(), seen.takeGone().size]).toEqual([1, 1]);
  });

  it.each([
    ["as long as a key allows", "x".repeat(500)],
    ["of many bytes", "ü".repeat(249)],
    ["of surrogate pairs", "\u{1f600}".repeat(120)],
    ["with slashes", "a/b/../c"],
    ["with the mark of a displaced one", `t~displaced-${"0".repeat(32)}`],
    ["with line breaks", "a\nb"],
  ])("is kept whatever its id is: %s", async (_name, id) => {
    const { ledger } = await openLedger();
    await ledger.pause(at(1, { id, payload: { n: 1 } }));
    await ledger.pause(at(2, { id, payload: { n: 2 } }));
    const tasks = await list(ledger);
    expect(tasks).toHaveLength(2);
    for (const { taskId } of tasks)
      expect((await ledger.resume(answer(taskId, `r-${taskId}`))).outcome).toBe("resumed");
  });
});

describe("what is reported as paused", () => {
  const messages = fc.record({
    payload: fc.constantFrom({ n: 1 }, { n: 2 }, { n: 3 }),
    place: fc.constantFrom("a", "b"),
    day: fc.constantFrom(undefined, 1, 2),
  });

  it("is what waits, and no message is lost", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(messages, { minLength: 1, maxLength: 8 }), async (arriving) => {
        await using store: CheckpointStore = await createMemoryStore();
        const ledger = createPauseLedger(store);
        for (const { payload, place, day } of arriving) {
          const route = { prev: [place], curr: "x-pause", next: [] };
          const envelope = day === undefined ? pauseEnvelope({ route, payload }) : at(day, { route, payload });
          const { outcome, message } = await ledger.pause(envelope);
          if (outcome !== "stale") {
            expect(message.payload).toEqual((await ledger.inspect("task-1"))?.message?.payload);
          }
        }
        const kept = await Array.fromAsync(ledger.list({ state: "paused" }), async ({ taskId }) =>
          JSON.stringify((await ledger.inspect(taskId))?.message?.payload),
        );
        expect(new Set(kept)).toEqual(new Set(arriving.map(({ payload }) => JSON.stringify(payload))));
      }),
      { numRuns: 200 },
    );
  });

  it("is also asked as it waits, where the question was changed between two deliveries", async () => {
    const { ledger } = await openLedger();
    await ledger.pause(pauseEnvelope(), { metadata: { prompt: "first", fields: [] } });
    const { message } = await ledger.pause(pauseEnvelope(), { metadata: { prompt: "second", fields: [] } });
    expect(message.headers["x-asya-pause"]).toMatchObject({ prompt: "first" });
  });

  it("keeps a second message once, however often it comes, and says where", async () => {
    const { ledger } = await openLedger();
    await ledger.pause(pauseEnvelope());
    const other = pauseEnvelope({ payload: { other: true } });
    const { outcome, keptAs } = await ledger.pause(other);
    expect(outcome).toBe("already-paused");
    expect((await ledger.pause(other)).keptAs).toBe(keptAs);
    expect(await waitingOf(ledger)).toHaveLength(2);
    expect(await ledger.inspect(keptAs ?? "")).toMatchObject({ message: { payload: { other: true } } });
    await ledger.cancel(keptAs ?? "");
    expect((await ledger.pause(other)).keptAs).toBe(keptAs);
    expect(await waitingOf(ledger)).toEqual(["task-1"]);
  });

  it("is the first where an actor ran twice behind a resume, for the trail leaves no doubt", async () => {
    const { ledger } = await openLedger();
    await ledger.pause(pauseEnvelope({ route: { prev: [], curr: "x-pause", next: ["fix", "x-pause", "end"] } }));
    const first = answer("task-1", "r");
    const second = atNextPause(first, (await ledger.resume(first)).message);
    await ledger.pause({ ...second, payload: { draft: 1 } });
    const { outcome, keptAs, message } = await ledger.pause({ ...second, payload: { draft: 2 } });
    expect({ outcome, keptAs, payload: message.payload }).toEqual({
      outcome: "already-paused",
      keptAs: undefined,
      payload: { draft: 1 },
    });
    expect(await waitingOf(ledger)).toEqual(["task-1"]);
  });
});
