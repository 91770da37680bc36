import { setTimeout as delay } from "node:timers/promises";

import { createMemoryStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import type { RunnableConfig } from "@langchain/core/runnables";
import { Command } from "@langchain/langgraph";
import { DeltaSnapshot, emptyCheckpoint, uuid6 } from "@langchain/langgraph-checkpoint";
import type { CheckpointMetadata } from "@langchain/langgraph-checkpoint";
import { describe, expect, it, onTestFinished, vi } from "vitest";

import { HoldpointSaver } from "../src/holdpoint-saver.ts";
import { noEffects, refundGraph } from "./graphs.ts";

const large = "x".repeat(100_000);
const metadata = { source: "loop", step: 0, parents: {} } as const;

function thread(id = "thread-1"): RunnableConfig {
  return { configurable: { thread_id: id, checkpoint_ns: "" } };
}

/** Puts checkpoints one after the other, with a large value that changes at every fourth. */
async function grow(saver: HoldpointSaver, from: RunnableConfig, steps: number, first = 0): Promise<RunnableConfig> {
  let config = from;
  for (let step = first; step < first + steps; step += 1) {
    const version = Math.floor(step / 4) + 1;
    const checkpoint = {
      ...emptyCheckpoint(),
      id: uuid6(1),
      channel_values: { step, large: `${large}${version}` },
      channel_versions: { step: step + 1, large: version },
    };
    const newVersions = step % 4 === 0 ? checkpoint.channel_versions : { step: step + 1 };
    config = await saver.put(config, checkpoint, { ...metadata, step }, newVersions);
    await saver.putWrites(config, [["step", step + 1]], "task-1", "path");
  }
  return config;
}

async function keysOf(store: CheckpointStore): Promise<readonly string[]> {
  return (await Array.fromAsync(store.list())).map(({ key }) => key);
}

async function stepsOf(saver: HoldpointSaver, config = thread()): Promise<readonly unknown[]> {
  return (await Array.fromAsync(saver.list(config))).map(({ metadata: { step } = { step: 0 } }) => step);
}

/** Reads everything that is left, so that nothing can be missing. */
async function expectWhole(saver: HoldpointSaver): Promise<void> {
  for await (const { checkpoint, pendingWrites } of saver.list({})) {
    const step = Number(checkpoint.channel_values["step"]);
    expect(checkpoint.channel_values["large"]).toBe(`${large}${Math.floor(step / 4) + 1}`);
    expect(pendingWrites).toEqual([["task-1", "step", step + 1]]);
  }
}

describe("prune", () => {
  it("keeps the newest checkpoints of each thread, and what they need", async () => {
    const store = await createMemoryStore();
    const saver = new HoldpointSaver(store);
    for (const id of ["thread-1", "thread-2"]) {
      await saver.getTuple(thread(id));
      await grow(saver, thread(id), 11);
    }
    expect(await saver.prune({ keepLast: 2 })).toEqual({ examined: 22, removed: 16 });
    // Step 8 brought the large value that they have.
    expect(await stepsOf(saver)).toEqual([10, 9, 8]);
    await expectWhole(saver);
    // The head, for each of three a document and writes, and the value.
    expect((await keysOf(store)).length).toBe(2 * 8);
    expect(await saver.prune({ keepLast: 2 })).toEqual({ examined: 6, removed: 0 });
  });

  it("by age leaves what is younger, and the thread named alone", async () => {
    const saver = new HoldpointSaver(await createMemoryStore());
    const config = await grow(saver, thread(), 5);
    await grow(saver, thread("thread-2"), 3);
    await delay(30);
    await grow(saver, config, 2, 5);
    expect(await saver.prune({ threadId: "thread-1", olderThanMs: 20 })).toEqual({ examined: 7, removed: 4 });
    expect(await stepsOf(saver)).toEqual([6, 5, 4]);
    expect(await stepsOf(saver, thread("thread-2"))).toEqual([2, 1, 0]);
    expect(await saver.prune({ olderThanMs: 3_600_000 })).toEqual({ examined: 6, removed: 0 });
    await expectWhole(saver);
  });

  it("never takes a question that waits", async () => {
    const store = await createMemoryStore();
    const saver = new HoldpointSaver(store);
    const config = { configurable: { thread_id: "thread-1" }, durability: "sync" } as const;
    await refundGraph(saver, noEffects).invoke({ amount: 5 }, config);
    expect(await saver.prune()).toEqual({ examined: 2, removed: 1 });
    const other = refundGraph(new HoldpointSaver(store), noEffects);
    expect((await other.getState(config)).tasks[0]?.interrupts).toMatchObject([{ value: "Refund 5?" }]);
    expect(await other.invoke(new Command({ resume: "yes" }), config)).toMatchObject({
      log: ["asked", "paid: yes", "notified"],
    });
  });

  it("is safe beside threads that go on, again and again, also back in time", async () => {
    const store = await createMemoryStore();
    const saver = new HoldpointSaver(store);
    const grown = new AbortController();
    const pruning = (async () => {
      const pruner = new HoldpointSaver(store);
      while (!grown.signal.aborted) {
        await pruner.prune({ keepLast: 2 });
        await delay(1);
      }
    })();
    const growing = ["thread-1", "thread-2"].map(async (id) => {
      let config = thread(id);
      for (let round = 0; round < 12; round += 1) {
        config = await grow(saver, config, 9, round * 9);
        const [, older] = await Array.fromAsync(saver.list(thread(id), { limit: 2 }));
        // An older checkpoint of which the pruner may take the values while a run goes on from it.
        if (older !== undefined && round % 3 === 2) await saver.getTuple(older.config);
        await expectWhole(saver);
      }
    });
    await Promise.all(growing);
    grown.abort();
    await pruning;
    await saver.prune();
    expect(await stepsOf(saver)).toEqual([107]);
    await expectWhole(saver);
    // Step 104 brought its large value, and both have a document and writes.
    expect((await keysOf(store)).length).toBe(2 * 6);
  });

  it("goes on where it was stopped", async () => {
    const store = await createMemoryStore();
    const saver = new HoldpointSaver(store);
    await grow(saver, thread(), 12);
    let left = 7;
    const handler: ProxyHandler<CheckpointStore> = {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== "function") return member;
        return (...parameters: readonly unknown[]): unknown => {
          if (name === "delete" && (left -= 1) < 0) return Promise.reject(new Error("stopped"));
          return Reflect.apply(member, target, parameters);
        };
      },
    };
    await expect(new HoldpointSaver(new Proxy(store, handler)).prune({ keepLast: 2 })).rejects.toThrow("stopped");
    await expectWhole(saver);
    await saver.prune({ keepLast: 2 });
    expect(await stepsOf(saver)).toEqual([11, 10]);
    await expectWhole(saver);
    // Only what was half removed may be left for later.
    expect((await keysOf(store)).length).toBeLessThanOrEqual(8 + 16);
  });

  it("keeps the checkpoints that delta channels are rebuilt from", async () => {
    const saver = new HoldpointSaver(await createMemoryStore());
    let config = thread();
    for (let step = 0; step < 8; step += 1) {
      const sinceSnapshot = step < 3 ? step : step - 3;
      const values = sinceSnapshot === 0 ? { messages: new DeltaSnapshot([step]) } : {};
      const versions: Record<string, number> = sinceSnapshot === 0 ? { messages: step + 1 } : {};
      const counters: CheckpointMetadata["counters_since_delta_snapshot"] =
        sinceSnapshot === 0 ? {} : { messages: [sinceSnapshot, sinceSnapshot] };
      const checkpoint = { ...emptyCheckpoint(), id: uuid6(1), channel_values: values, channel_versions: versions };
      config = await saver.put(
        config,
        checkpoint,
        { ...metadata, step, counters_since_delta_snapshot: counters },
        versions,
      );
      await saver.putWrites(config, [["messages", [`write ${step}`]]], "task-1", "path");
    }
    const before = await saver.getDeltaChannelHistory({ config, channels: ["messages"] });
    expect(before["messages"]?.writes).toHaveLength(4);
    expect((await saver.prune()).removed).toBe(3);
    expect(await saver.getDeltaChannelHistory({ config, channels: ["messages"] })).toEqual(before);
  });
});

describe("keepLast", () => {
  it("keeps a thread short while it goes on", async () => {
    const store = await createMemoryStore();
    const saver = new HoldpointSaver(store, { keepLast: 5 });
    let config = thread();
    for (let step = 0; step < 40; step += 1) {
      config = await grow(saver, config, 1, step);
      const steps = await stepsOf(saver);
      expect(steps.length).toBeGreaterThanOrEqual(Math.min(step + 1, 5));
      expect(steps.length).toBeLessThanOrEqual(11);
    }
    await expectWhole(saver);
    expect((await keysOf(store)).length).toBeLessThan(30);
  });

  it("holds for runs that each make one checkpoint, in a process of their own", async () => {
    const store = await createMemoryStore();
    for (let step = 0; step < 40; step += 1) {
      const saver = new HoldpointSaver(store, { keepLast: 5 });
      const found = await saver.getTuple(thread());
      await grow(saver, found?.config ?? thread(), 1, step);
    }
    const saver = new HoldpointSaver(store);
    expect((await stepsOf(saver)).length).toBeLessThanOrEqual(11);
    await expectWhole(saver);
  });
});

describe("ttlMs", () => {
  it("is on every key of a thread, and the head is the first to go", async () => {
    const store = await createMemoryStore();
    const ttls = new Map<string, number | undefined>();
    const put = store.put.bind(store);
    store.put = async (key, body, options = {}) => {
      ttls.set(key, options.ttlMs);
      return await put(key, body, options);
    };
    const saver = new HoldpointSaver(store, { ttlMs: 60_000 });
    await grow(saver, thread(), 6);
    expect(ttls.size).toBe((await keysOf(store)).length);
    for (const [key, ttlMs] of ttls) expect(ttlMs).toBe(key.endsWith("/head") ? 60_000 : 120_000);
  });

  it("keeps a thread whole that goes on for longer than it, and ends one that does not", async () => {
    vi.useFakeTimers({ toFake: ["performance", "Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const store = await createMemoryStore();
    const ttlMs = 400;
    const saver = new HoldpointSaver(store, { ttlMs });
    const value = { large };
    let config = thread();
    const until = Date.now() + 4 * ttlMs;
    for (let step = 0; Date.now() < until; step += 1) {
      const checkpoint = {
        ...emptyCheckpoint(),
        id: uuid6(1),
        channel_values: { ...value, step },
        channel_versions: { large: 1, step: step + 1 },
      };
      config = await saver.put(config, checkpoint, metadata, step === 0 ? { large: 1, step: 1 } : { step: step + 1 });
      expect((await saver.getTuple(thread()))?.checkpoint).toEqual(checkpoint);
      vi.advanceTimersByTime(ttlMs / 10);
    }
    vi.advanceTimersByTime(ttlMs);
    expect(await saver.getTuple(thread())).toBeUndefined();
    vi.advanceTimersByTime(ttlMs);
    expect(await keysOf(store)).toEqual([]);
  });

  it("is refused for delta channels, which need all of a thread, and on stores that have none", async () => {
    const store = await createMemoryStore();
    const saver = new HoldpointSaver(store, { ttlMs: 60_000 });
    const counters = { counters_since_delta_snapshot: { messages: [1, 1] as [number, number] } };
    await expect(saver.put(thread(), emptyCheckpoint(), { ...metadata, ...counters }, {})).rejects.toMatchObject({
      code: "unsupported",
    });
    expect(await keysOf(store)).toEqual([]);
    const without = { ...store, backend: "s3", capabilities: { ...store.capabilities, ttl: false } } as CheckpointStore;
    expect(() => new HoldpointSaver(without, { ttlMs: 1 })).toThrow(/s3 has no time to live/u);
  });
});
