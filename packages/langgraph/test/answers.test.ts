import { setTimeout as delay } from "node:timers/promises";

import { CheckpointError, createMemoryStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { Command } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";

import { HoldpointSaver } from "../src/holdpoint-saver.ts";
import { askedBy, nestedGraph, noEffects, refundGraph } from "./graphs.ts";

const config = { configurable: { thread_id: "thread-1" }, durability: "sync" } as const;

/** A store that fails to take answers until it is told to. */
async function failingStore(): Promise<{ readonly store: CheckpointStore; readonly mend: () => void }> {
  const store = await createMemoryStore();
  const put = store.put.bind(store);
  store.put = async (key, body, options) => {
    if (/\/writes\/=00000000-[^/]*\/-4$/u.test(key)) throw new CheckpointError("unavailable", "the server is away");
    return await put(key, body, options);
  };
  return { store, mend: () => (store.put = put) };
}

/** A store whose requests take up to some milliseconds, and so come in any order. */
async function slowStore(): Promise<CheckpointStore> {
  const store = await createMemoryStore();
  const [get, put] = [store.get.bind(store), store.put.bind(store)];
  const aWhile = async (): Promise<void> => await delay(Math.random() * 4);
  store.get = async (...parameters) => await aWhile().then(async () => await get(...parameters));
  store.put = async (...parameters) => await aWhile().then(async () => await put(...parameters));
  return store;
}

describe("an answer", () => {
  it("that could not be stored lets nothing else be stored, and can be given again", async () => {
    const { store, mend } = await failingStore();
    const paid: string[] = [];
    const graph = refundGraph(new HoldpointSaver(store), { ...noEffects, pay: (answer) => paid.push(answer) });
    await graph.invoke({ amount: 5 }, config);
    await expect(graph.invoke(new Command({ resume: "yes" }), config)).rejects.toMatchObject({ code: "unavailable" });
    expect({ paid, next: (await graph.getState(config)).next }).toEqual({ paid: [], next: ["ask"] });
    mend();
    await graph.invoke(new Command({ resume: "yes" }), config);
    expect(paid).toEqual(["yes"]);
  });

  it("that could not be stored keeps the subgraph from going on, and not the next run's", async () => {
    const { store, mend } = await failingStore();
    const graph = nestedGraph(new HoldpointSaver(store));
    await graph.invoke({ log: [] }, config);
    await expect(graph.invoke(new Command({ resume: "one" }), config)).rejects.toMatchObject({ code: "unavailable" });
    mend();
    // As after a crash: nothing was answered, so it asks again.
    expect(askedBy(await graph.invoke(null, config))).toMatchObject([{ value: "first?" }]);
    expect(askedBy(await graph.invoke(new Command({ resume: "one" }), config))).toMatchObject([{ value: "second?" }]);
    expect(await graph.invoke(new Command({ resume: "two" }), config)).toMatchObject({
      log: ["first: one", "second: two", "outer: done"],
    });
  });

  it.each(["yes", "no"])("given twice at once in one process is taken once, if the other says %s", async (other) => {
    const paid: string[] = [];
    const graph = refundGraph(new HoldpointSaver(await createMemoryStore()), {
      ...noEffects,
      pay: (answer) => paid.push(answer),
    });
    await graph.invoke({ amount: 5 }, config);
    const outcomes = await Promise.allSettled(
      ["yes", other].map(async (resume) => await graph.invoke(new Command({ resume }), config)),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(outcomes[1]).toMatchObject({ reason: { code: "conflict" } });
    expect(paid).toEqual(["yes"]);
  });

  it("of two to a subgraph's question, from two processes at once, is the one that the subgraph goes on with", async () => {
    for (let round = 0; round < 25; round += 1) {
      const store = await slowStore();
      await nestedGraph(new HoldpointSaver(store)).invoke({ log: [] }, config);
      const answers = ["yes", "no"];
      const outcomes = await Promise.allSettled(
        answers.map(
          async (resume) => await nestedGraph(new HoldpointSaver(store)).invoke(new Command({ resume }), config),
        ),
      );
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
      const winner = answers[outcomes.findIndex(({ status }) => status === "fulfilled")];
      const { log } = await nestedGraph(new HoldpointSaver(store)).invoke(new Command({ resume: "then" }), config);
      expect(log).toEqual([`first: ${winner}`, "second: then", "outer: done"]);
    }
  });

  it("delivered again after the end is refused, and says how to go on", async () => {
    const graph = refundGraph(new HoldpointSaver(await createMemoryStore()), noEffects);
    await graph.invoke({ amount: 5 }, config);
    await graph.invoke(new Command({ resume: "yes" }), config);
    await expect(graph.invoke(new Command({ resume: "yes" }), config)).rejects.toThrow(
      /thread "thread-1": nothing waits for an answer .* invoke the graph with null/u,
    );
    expect(await graph.invoke({ amount: 6 }, config)).toMatchObject({ amount: 6 });
  });

  it("without a fence overwrites the one before, as LangGraph's own savers have it", async () => {
    const paid: string[] = [];
    const store = await createMemoryStore();
    const graphOf = () =>
      refundGraph(new HoldpointSaver(store, { fence: false }), { ...noEffects, pay: (answer) => paid.push(answer) });
    await graphOf().invoke({ amount: 5 }, config);
    await Promise.all(["yes", "no"].map(async (resume) => await graphOf().invoke(new Command({ resume }), config)));
    expect(paid.toSorted()).toEqual(["no", "yes"]);
  });
});
