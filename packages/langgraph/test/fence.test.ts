import { createMemoryStore } from "@holdpoint/core";
import { emptyCheckpoint, uuid6 } from "@langchain/langgraph-checkpoint";
import type { Checkpoint } from "@langchain/langgraph-checkpoint";
import { describe, expect, it } from "vitest";

import { HoldpointSaver } from "../src/holdpoint-saver.ts";

const thread = { configurable: { thread_id: "thread-1", checkpoint_ns: "" } };
const metadata = { source: "loop", step: 0, parents: {} } as const;

function newCheckpoint(): Checkpoint {
  return { ...emptyCheckpoint(), id: uuid6(1) };
}

describe("a run that has read the newest checkpoint", () => {
  it.each(["a delta channel's history", "the same checkpoint by its id"])(
    "and then %s may go on only from there",
    async (then) => {
      const store = await createMemoryStore();
      const [one, two] = [new HoldpointSaver(store), new HoldpointSaver(store)];
      const root = await one.put(thread, newCheckpoint(), metadata, {});
      // As LangGraph does it: every call of a run has its signal.
      const { signal } = new AbortController();
      await two.getTuple({ ...thread, signal });
      if (then.includes("delta")) await two.getDeltaChannelHistory({ config: { ...root, signal }, channels: ["a"] });
      else await two.getTuple({ ...root, signal });
      const first = await one.put(root, newCheckpoint(), metadata, {});
      await expect(two.put({ ...root, signal }, newCheckpoint(), metadata, {})).rejects.toMatchObject({
        code: "conflict",
      });
      // Read again, it goes on.
      const next = new AbortController();
      await two.getTuple({ ...thread, signal: next.signal });
      await two.put({ ...first, signal: next.signal }, newCheckpoint(), metadata, {});
      expect(await Array.fromAsync(one.list(thread))).toHaveLength(3);
    },
  );

  it("is another than the next one of the same process", async () => {
    const saver = new HoldpointSaver(await createMemoryStore());
    const root = await saver.put(thread, newCheckpoint(), metadata, {});
    const signals = [new AbortController().signal, new AbortController().signal] as const;
    for (const signal of signals) await saver.getTuple({ ...thread, signal });
    await saver.put({ ...root, signal: signals[0] }, newCheckpoint(), metadata, {});
    await expect(saver.put({ ...root, signal: signals[1] }, newCheckpoint(), metadata, {})).rejects.toMatchObject({
      code: "conflict",
    });
  });
});
