import { createMemoryStore } from "@holdpoint/core";
import { Command } from "@langchain/langgraph";
import { INTERRUPT, TASKS, emptyCheckpoint, uuid6 } from "@langchain/langgraph-checkpoint";
import type { Checkpoint } from "@langchain/langgraph-checkpoint";
import { describe, expect, it } from "vitest";

import { countRequests } from "../../core/test/count-requests.ts";
import { HoldpointSaver } from "../src/holdpoint-saver.ts";
import type { HoldpointSaverOptions } from "../src/holdpoint-saver.ts";
import { noEffects, refundGraph } from "./graphs.ts";

const thread = { configurable: { thread_id: "thread-1", checkpoint_ns: "" } };
const metadata = { source: "loop", step: 0, parents: {} } as const;

interface CountedSaver {
  readonly saver: HoldpointSaver;
  /** How often each operation was asked for. */
  readonly requestsOf: (work: () => Promise<unknown>) => Promise<Record<string, number>>;
}

async function counted(options: HoldpointSaverOptions = {}): Promise<CountedSaver> {
  const { store, takeRequests } = countRequests(await createMemoryStore());
  const saver = new HoldpointSaver(store, options);
  const requestsOf: CountedSaver["requestsOf"] = async (work) => {
    takeRequests();
    await work();
    const counts: Record<string, number> = {};
    for (const request of takeRequests()) {
      const [operation = ""] = request.split(" ");
      counts[operation] = (counts[operation] ?? 0) + 1;
    }
    return counts;
  };
  return { saver, requestsOf };
}

function checkpointWith(values: Record<string, unknown>, versions: Record<string, number>): Checkpoint {
  return { ...emptyCheckpoint(), id: uuid6(1), channel_values: values, channel_versions: versions };
}

describe("requests", () => {
  it("a checkpoint is two writes, at once", async () => {
    const memory = await createMemoryStore();
    let [underWay, most] = [0, 0];
    const put = memory.put.bind(memory);
    memory.put = async (...parameters) => {
      most = Math.max(most, (underWay += 1));
      return await put(...parameters).finally(() => (underWay -= 1));
    };
    const { store, takeRequests } = countRequests(memory);
    const saver = new HoldpointSaver(store);
    await saver.getTuple(thread);
    takeRequests();
    await saver.put(thread, checkpointWith({ a: 1 }, { a: 1 }), metadata, { a: 1 });
    expect(takeRequests()).toEqual([
      expect.stringMatching(/^put .*\/head$/u),
      expect.stringMatching(/^put .*\/first$/u),
    ]);
    expect(most).toBe(2);
  });

  it("what a task has written is one write, and each special one another", async () => {
    const { saver, requestsOf } = await counted();
    const config = await saver.put(thread, emptyCheckpoint(), metadata, {});
    expect(
      await requestsOf(() =>
        saver.putWrites(
          config,
          [
            ["a", 1],
            ["b", 2],
            [TASKS, "c"],
          ],
          "task-1",
          "path",
        ),
      ),
    ).toEqual({ put: 1 });
    expect(
      await requestsOf(() =>
        saver.putWrites(
          config,
          [
            ["a", 1],
            [INTERRUPT, []],
          ],
          "task-2",
          "path",
        ),
      ),
    ).toEqual({ put: 2 });
  });

  it("the newest checkpoint is a read, a listing of its own keys, and a read for each task that has written", async () => {
    const { saver, requestsOf } = await counted();
    let config = thread as Parameters<typeof saver.put>[0];
    for (let step = 0; step < 50; step += 1) {
      config = await saver.put(config, checkpointWith({ step }, { step }), metadata, { step });
    }
    expect(await requestsOf(() => saver.getTuple(thread))).toEqual({ get: 1, list: 1 });
    await saver.putWrites(
      config,
      [
        ["a", 1],
        ["b", 2],
      ],
      "task-1",
    );
    await saver.putWrites(config, [[INTERRUPT, []]], "task-2");
    expect(await requestsOf(() => saver.getTuple(thread))).toEqual({ get: 3, list: 1 });
  });

  it("a history is one listing, the head, and a read for each checkpoint and each task that has written", async () => {
    const { saver, requestsOf } = await counted();
    let config = thread as Parameters<typeof saver.put>[0];
    for (let step = 0; step < 10; step += 1) {
      config = await saver.put(config, checkpointWith({ step }, { step }), metadata, { step });
      await saver.putWrites(config, [["a", 1]], "task-1");
    }
    expect(await requestsOf(() => Array.fromAsync(saver.list(thread)))).toEqual({ get: 21, list: 1 });
    expect(await requestsOf(() => Array.fromAsync(saver.list(thread, { limit: 2 })))).toEqual({ get: 5, list: 1 });
  });

  it("what a delta channel is rebuilt from is one listing, and a read for each checkpoint and each of its tasks", async () => {
    const { saver, requestsOf } = await counted();
    let config = thread as Parameters<typeof saver.put>[0];
    for (let step = 0; step < 10; step += 1) {
      config = await saver.put(config, checkpointWith({}, {}), metadata, {});
      await saver.putWrites(config, [["messages", [step]]], "task-1");
    }
    const walk = async () => await saver.getDeltaChannelHistory({ config, channels: ["messages"] });
    expect((await walk())["messages"]?.writes).toHaveLength(9);
    expect(await requestsOf(walk)).toEqual({ get: 20, list: 1 });
  });

  it("a graph until it asks: one read, and two writes for each step", async () => {
    const { saver, requestsOf } = await counted();
    const graph = refundGraph(saver, noEffects);
    const config = { configurable: { thread_id: "thread-1" }, durability: "sync" } as const;
    // Two checkpoints, what takes the input has written, and the question.
    expect(await requestsOf(() => graph.invoke({ amount: 5 }, config))).toEqual({ get: 1, put: 6 });
    // The answer; what `ask`, `pay` and `notify` have written, of which `ask` repeats the answer; three checkpoints.
    expect(await requestsOf(() => graph.invoke(new Command({ resume: "yes" }), config))).toEqual({
      get: 2,
      list: 1,
      put: 11,
    });
  });
});

describe("large values", () => {
  const large = "x".repeat(100_000);

  it("are written once, and again when they change", async () => {
    const { saver, requestsOf } = await counted();
    await saver.getTuple(thread);
    const first = checkpointWith({ large, step: 1 }, { large: 1, step: 1 });
    expect(await requestsOf(() => saver.put(thread, first, metadata, { large: 1, step: 1 }))).toEqual({ put: 3 });
    const second = checkpointWith({ large, step: 2 }, { large: 1, step: 2 });
    const parent = { configurable: { ...thread.configurable, checkpoint_id: first.id } };
    expect(await requestsOf(() => saver.put(parent, second, metadata, { step: 2 }))).toEqual({ put: 2 });
    expect(await requestsOf(() => saver.getTuple(thread))).toEqual({ get: 2, list: 1 });
    expect((await saver.getTuple(thread))?.checkpoint).toEqual(second);
    const third = checkpointWith({ large: `${large}y`, step: 2 }, { large: 2, step: 2 });
    const next = { configurable: { ...thread.configurable, checkpoint_id: second.id } };
    expect(await requestsOf(() => saver.put(next, third, metadata, { large: 2 }))).toEqual({ put: 3 });
    expect((await saver.getTuple(thread))?.checkpoint).toEqual(third);
  });
});
