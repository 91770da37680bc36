import { deepStrictEqual, equal, ok, rejects } from "node:assert/strict";
import { randomUUID } from "node:crypto";

import type { RunnableConfig } from "@langchain/core/runnables";
import { Command } from "@langchain/langgraph";
import type { BaseCheckpointSaver, Checkpoint } from "@langchain/langgraph-checkpoint";
import { INTERRUPT, RESUME, emptyCheckpoint, uuid6 } from "@langchain/langgraph-checkpoint";

import { askedBy, noEffects, nestedGraph, parallelGraph, refundGraph } from "./graphs.ts";
import type { SaverCase, SaverHarness } from "./saver-case.ts";

const metadata = { source: "loop", step: 0, parents: {} } as const;
const noTask = "00000000-0000-0000-0000-000000000000";

/** What LangGraph's own suite does not ask of a saver. */
export const saverCases: readonly SaverCase[] = [
  {
    title: "two writers go on from one checkpoint: the second is told, and the history stays a line",
    run: async ({ open }) => {
      const thread = newThread();
      const [one, two] = [await open(), await open()];
      const root = await one.put(thread, checkpointWith({ a: 1 }), metadata, { a: 1 });
      await Promise.all([one.getTuple(thread), two.getTuple(thread)]);
      const first = await one.put(root, checkpointWith({ a: 2 }), metadata, { a: 2 });
      await rejects(two.put(root, checkpointWith({ a: 3 }), metadata, { a: 3 }));
      deepStrictEqual(await historyOf(await open(), thread), [idOf(first), idOf(root)]);
    },
  },
  {
    title: "two writers begin one thread: the second is told",
    run: async ({ open }) => {
      const thread = newThread();
      const [one, two] = [await open(), await open()];
      await Promise.all([one.getTuple(thread), two.getTuple(thread)]);
      const first = await one.put(thread, checkpointWith({ a: 1 }), metadata, { a: 1 });
      await rejects(two.put(thread, checkpointWith({ a: 2 }), metadata, { a: 2 }));
      deepStrictEqual(await historyOf(await open(), thread), [idOf(first)]);
    },
  },
  {
    title: "two runs answer one question: the second is told",
    run: async ({ open }) => {
      const thread = newThread();
      const root = await (await open()).put(thread, checkpointWith({}), metadata, {});
      await (await open()).putWrites(root, [[INTERRUPT, [{ id: "q", value: "?" }]]], "task-1", "");
      const [one, two] = [await open(), await open()];
      await Promise.all([one.getTuple(thread), two.getTuple(thread)]);
      await one.putWrites(root, [[RESUME, "yes"]], noTask, "");
      await rejects(async () => await two.putWrites(root, [[RESUME, "no"]], noTask, ""));
      const writes = (await (await open()).getTuple(thread))?.pendingWrites ?? [];
      deepStrictEqual(
        writes.filter(([, channel]) => channel === RESUME),
        [[noTask, RESUME, "yes"]],
      );
    },
  },
  {
    title: "an answer that comes while its question's run goes on is refused, and pays nothing",
    run: async ({ open }) => {
      const config = { ...newThread(), durability: "sync" } as const;
      await refundGraph(await open(), noEffects).invoke({ amount: 5 }, config);
      const paid: string[] = [];
      const late = Promise.withResolvers<void>();
      const first = refundGraph(await open(), {
        ...noEffects,
        pay: async (answer) => {
          paid.push(answer);
          await late.promise;
        },
      }).invoke(new Command({ resume: "yes" }), config);
      while (paid.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      const second = refundGraph(await open(), { ...noEffects, pay: (answer) => paid.push(answer) });
      const outcome = await second.invoke(new Command({ resume: "no" }), config).then(
        () => "accepted",
        () => "refused",
      );
      late.resolve();
      await first.catch(() => undefined);
      deepStrictEqual({ paid, outcome }, { paid: ["yes"], outcome: "refused" });
    },
  },
  {
    title: "writes delivered again change nothing",
    run: async ({ open }) => {
      const thread = newThread();
      const saver = await open();
      const root = await saver.put(thread, checkpointWith({}), metadata, {});
      const deliver = async (to: BaseCheckpointSaver): Promise<void> => {
        await to.putWrites(
          root,
          [
            ["a", 1],
            ["b", 2],
          ],
          "task-1",
          "path",
        );
        await to.putWrites(root, [[INTERRUPT, [{ value: "?" }]]], "task-2", "path");
      };
      await deliver(saver);
      const before = (await saver.getTuple(root))?.pendingWrites;
      await deliver(saver);
      const other = await open();
      await other.getTuple(thread);
      await deliver(other);
      deepStrictEqual((await (await open()).getTuple(root))?.pendingWrites, before);
      equal(before?.length, 3);
    },
  },
  {
    title: "writes come back by task path, task and index, by code point",
    run: async ({ open }) => {
      const saver = await open();
      const root = await saver.put(newThread(), checkpointWith({}), metadata, {});
      // In UTF-16 the order of the last two is another.
      const paths = ["", "~1", "~10", "~2", "\u{ffff}", "\u{1f600}"];
      for (const path of paths.toReversed()) {
        await saver.putWrites(
          root,
          [
            ["a", `${path}/0`],
            ["a", `${path}/1`],
          ],
          `task-${paths.length - paths.indexOf(path)}`,
          path,
        );
      }
      deepStrictEqual(
        (await (await open()).getTuple(root))?.pendingWrites?.map(([, , value]) => value),
        paths.flatMap((path) => [`${path}/0`, `${path}/1`]),
      );
    },
  },
  {
    title: "names longer than any key stay apart",
    run: async ({ open }) => {
      const saver = await open();
      const long = "très long/".repeat(200);
      const names = [long, `${long}a`, `${long}b`, "a/b", "a%2Fb", "a b", ".", "..", "*", "[a]", "é", "e\u0301"];
      for (const name of names) {
        for (const checkpoint_ns of ["", name]) {
          const thread = { configurable: { thread_id: name, checkpoint_ns } };
          const root = await saver.put(thread, checkpointWith({ [name]: name + checkpoint_ns }), metadata, {
            [name]: 1,
          });
          await saver.putWrites(root, [["a", name]], name, name);
        }
      }
      const reader = await open();
      for (const name of names) {
        for (const checkpoint_ns of ["", name]) {
          const found = await reader.getTuple({ configurable: { thread_id: name, checkpoint_ns } });
          deepStrictEqual(found?.checkpoint.channel_values, { [name]: name + checkpoint_ns });
          deepStrictEqual(found.pendingWrites, [[name, "a", name]]);
        }
        await reader.deleteThread(name);
        equal(await reader.getTuple({ configurable: { thread_id: name } }), undefined);
      }
    },
  },
  {
    title: "a subgraph asks twice, and each answer comes to another process",
    run: async ({ open }) => {
      const config = { ...newThread(), durability: "sync" } as const;
      await nestedGraph(await open()).invoke({ log: [] }, config);
      await nestedGraph(await open()).invoke(new Command({ resume: "one" }), config);
      const { log } = await nestedGraph(await open()).invoke(new Command({ resume: "two" }), config);
      deepStrictEqual(log, ["first: one", "second: two", "outer: done"]);
    },
  },
  {
    title: "three questions at once are answered one by one, each by another process",
    run: async ({ open }) => {
      const config = { ...newThread(), durability: "sync" } as const;
      let result = await parallelGraph(await open()).invoke({ log: [] }, config);
      for (const expected of [3, 2, 1]) {
        const waiting = askedBy(result);
        equal(waiting.length, expected);
        const [{ id, value } = { id: "", value: "" }] = waiting;
        result = await parallelGraph(await open()).invoke(
          new Command({ resume: { [id]: `answer to ${value}` } }),
          config,
        );
      }
      deepStrictEqual(result.log.toSorted(), ["a: answer to a?", "b: answer to b?", "c: answer to c?"]);
    },
  },
  {
    title: "a run goes back in time, and the thread goes on from there",
    run: async ({ open }) => {
      const config = { ...newThread(), durability: "sync" } as const;
      const graph = refundGraph(await open(), noEffects);
      await graph.invoke({ amount: 5 }, config);
      await graph.invoke(new Command({ resume: "yes" }), config);
      const history = await Array.fromAsync(graph.getStateHistory(config));
      const asking = history.find(({ next }) => next.includes("ask"));
      ok(asking !== undefined);
      const later = refundGraph(await open(), noEffects);
      await later.invoke(null, { ...asking.config, durability: "sync" });
      const { log } = await later.invoke(new Command({ resume: "no" }), config);
      deepStrictEqual(log, ["asked", "paid: no", "notified"]);
      // Nothing of before is lost.
      const ids = (await Array.fromAsync(later.getStateHistory(config))).map(({ config: of }) => idOf(of));
      deepStrictEqual(
        ids.slice(-history.length),
        history.map(({ config: of }) => idOf(of)),
      );
      ok(ids.length > history.length);
    },
  },
  {
    title: "state that is updated by hand, at the end and in the past, is where the next run goes on",
    run: async ({ open }) => {
      const config = { ...newThread(), durability: "sync" } as const;
      const graph = refundGraph(await open(), noEffects);
      await graph.invoke({ amount: 5 }, config);
      await graph.updateState(config, { amount: 7 });
      await graph.updateState(config, { amount: 8 });
      const other = refundGraph(await open(), noEffects);
      equal((await other.getState(config)).values.amount, 8);
      const [, second] = await Array.fromAsync(other.getStateHistory(config));
      ok(second !== undefined);
      await other.updateState(second.config, { amount: 9 });
      equal((await graph.getState(config)).values.amount, 9);
      await graph.invoke(null, config);
      const { amount, log } = await graph.invoke(new Command({ resume: "yes" }), config);
      deepStrictEqual({ amount, log }, { amount: 9, log: ["asked", "paid: yes", "notified"] });
    },
  },
  {
    title: "answers of storage are lost, and nothing else",
    needs: "openWithLostAnswers",
    run: async ({ open, openWithLostAnswers = open }) => {
      const config = { ...newThread(), durability: "sync" } as const;
      const paid: string[] = [];
      const graph = refundGraph(await openWithLostAnswers(), { ...noEffects, pay: (answer) => paid.push(answer) });
      await graph.invoke({ amount: 5 }, config);
      const { log } = await graph.invoke(new Command({ resume: "yes" }), config);
      deepStrictEqual({ log, paid }, { log: ["asked", "paid: yes", "notified"], paid: ["yes"] });
      const history = await Array.fromAsync(refundGraph(await open(), noEffects).getStateHistory(config));
      equal(history.length, 5);
    },
  },
  {
    title: "a process dies at any of its requests: another goes on, asks nothing again, and the history has no gap",
    needs: "openDying",
    run: async ({ open, openDying = open }) => {
      for (let requests = 0; ; requests += 1) {
        const { config, hasDied } = await runAndDie(await openDying(requests));
        await expectGoesOn({ open }, config);
        if (!hasDied) return;
        ok(requests < 200, "it should have come to its end");
      }
    },
  },
  {
    title: "a thread of many checkpoints: the newest is read without the others, and the history is whole",
    run: async ({ open, longThread }) => {
      const thread = newThread();
      const saver = await open();
      const ids: string[] = [];
      let config: RunnableConfig = thread;
      for (let step = 0; step < longThread; step += 1) {
        const checkpoint = checkpointWith({ step }, step);
        config = await saver.put(config, checkpoint, { ...metadata, step }, { step });
        ids.push(checkpoint.id);
      }
      const reader = await open();
      equal((await reader.getTuple(thread))?.checkpoint.channel_values["step"], longThread - 1);
      const before = { configurable: { ...thread.configurable, checkpoint_id: ids[10] } };
      const page = await Array.fromAsync(reader.list(thread, { before, limit: 5 }));
      deepStrictEqual(
        page.map(({ checkpoint }) => checkpoint.id),
        ids.slice(5, 10).toReversed(),
      );
      deepStrictEqual(await historyOf(reader, thread), ids.toReversed());
      await reader.deleteThread(thread.configurable.thread_id);
      deepStrictEqual(await historyOf(await open(), thread), []);
    },
  },
];

/** Runs the refund graph, with its answer, on a saver that may stop working. */
async function runAndDie(
  dying: BaseCheckpointSaver,
): Promise<{ config: ReturnType<typeof newThread>; hasDied: boolean }> {
  const config = newThread();
  const graph = refundGraph(dying, noEffects);
  try {
    await graph.invoke({ amount: 5 }, { ...config, durability: "sync" });
    await graph.invoke(new Command({ resume: "yes" }), { ...config, durability: "sync" });
    return { config, hasDied: false };
  } catch {
    return { config, hasDied: true };
  }
}

/** Takes a thread up wherever it was left, and ends it. */
async function expectGoesOn({ open }: Pick<SaverHarness, "open">, thread: ReturnType<typeof newThread>): Promise<void> {
  const config = { ...thread, durability: "sync" } as const;
  const saver = await open();
  const graph = refundGraph(saver, noEffects);
  const found = await saver.getTuple(config);
  const wasAnswered =
    found?.checkpoint.channel_values["answer"] !== undefined ||
    found?.pendingWrites?.some(([, channel]) => channel === RESUME) === true;
  // A thread of which nothing is stored begins anew.
  let result = await graph.invoke(found === undefined ? { amount: 5 } : null, config);
  const asks = askedBy(result).length > 0;
  equal(asks && wasAnswered, false, "what has been answered was asked again");
  if (asks) result = await graph.invoke(new Command({ resume: "yes" }), config);
  deepStrictEqual(result.log, ["asked", "paid: yes", "notified"]);
  const history = await Array.fromAsync((await open()).list(thread));
  for (const [index, { parentConfig }] of history.entries()) {
    equal(idOf(parentConfig ?? {}), history[index + 1]?.checkpoint.id ?? "", "the history has a gap");
  }
}

function newThread(): { configurable: { thread_id: string; checkpoint_ns: string } } {
  return { configurable: { thread_id: randomUUID(), checkpoint_ns: "" } };
}

function checkpointWith(values: Record<string, unknown>, version = 1): Checkpoint {
  const versions = Object.fromEntries(Object.keys(values).map((channel) => [channel, version]));
  return { ...emptyCheckpoint(), id: uuid6(1), channel_values: values, channel_versions: versions };
}

async function historyOf(saver: BaseCheckpointSaver, thread: RunnableConfig): Promise<readonly string[]> {
  return (await Array.fromAsync(saver.list(thread))).map(({ checkpoint }) => checkpoint.id);
}

function idOf({ configurable }: RunnableConfig): string {
  return String(configurable?.["checkpoint_id"] ?? "");
}
