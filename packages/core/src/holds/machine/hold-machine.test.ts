import { beforeEach, describe, expect, it } from "vitest";

import { createMemoryStore } from "../../drivers/memory-store.ts";
import { CheckpointError } from "../../store/checkpoint-error.ts";
import type { CheckpointStore, GetOptions, PutOptions } from "../../store/checkpoint-store.ts";
import type { TrivialAnswer, TrivialAsk } from "../../../test/trivial-kind.ts";
import { trivialAsk, trivialKind } from "../../../test/trivial-kind.ts";
import { HoldMachine } from "./hold-machine.ts";
import { pruneHolds } from "./prune-holds.ts";
import { scanHolds } from "./scan-holds.ts";

type Machine = HoldMachine<TrivialAsk, TrivialAnswer, TrivialAnswer>;

let store: CheckpointStore;
let machine: Machine;

beforeEach(async () => {
  store = await createMemoryStore();
  machine = new HoldMachine(store, trivialKind);
});

async function answer(given: TrivialAnswer): Promise<string> {
  const { verdict } = await machine.answer((options) => machine.load("a", options), given);
  return verdict;
}

/** The same store, with `put` replaced. */
function withPut(
  put: (write: () => Promise<{ readonly version: string }>, calls: number) => Promise<{ readonly version: string }>,
): Machine {
  let calls = 0;
  const altered = new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (name !== "put") return typeof member === "function" ? member.bind(target) : member;
      return (...parameters: [string, Uint8Array, PutOptions]) => {
        calls += 1;
        return put(() => target.put(...parameters), calls);
      };
    },
  });
  return new HoldMachine(altered, trivialKind);
}

const unknown = (): CheckpointError =>
  new CheckpointError("timeout", "no answer", { outcome: "unknown", retryable: true });

describe("rounds under one id", () => {
  it("are opened, found, left behind and displaced as the kind says", async () => {
    const verdicts: string[] = [];
    const open = async (round: number): Promise<void> => {
      verdicts.push((await machine.open(trivialAsk(round))).verdict);
    };
    await open(1);
    await open(1);
    verdicts.push(await answer({ round: 1, text: "yes" }));
    verdicts.push(await answer({ round: 1, text: "yes" }));
    verdicts.push(await answer({ round: 1, text: "no" }));
    await open(2);
    await open(1);
    verdicts.push(await answer({ round: 1, text: "yes" }));
    verdicts.push(await answer({ round: 2, text: "unclear" }));
    await open(3);
    expect(verdicts).toEqual([
      "opened",
      "found",
      "applied",
      "found",
      "refused",
      "opened",
      "past",
      "past",
      "unclear",
      "opened",
    ]);
    expect((await machine.load("a"))?.document).toMatchObject({ state: "waiting", ask: { round: 3, past: [1, 2] } });
    expect(await store.get("displaced/a")).not.toBeNull();
  });

  it("go on at once over a version that is known", async () => {
    const first = await machine.open(trivialAsk(1));
    const { verdict, located } = await machine.open(trivialAsk(2), { ifVersion: first.located?.version });
    expect(verdict).toBe("opened");
    expect(located?.document).toMatchObject({ ask: { round: 2 } });
    // A version that has passed is no harm.
    expect((await machine.open(trivialAsk(2), { ifVersion: first.located?.version })).verdict).toBe("found");
  });

  it("change nothing where the kind refuses an answer", async () => {
    await machine.open(trivialAsk(1));
    const before = await store.get("trivial/a");
    await expect(answer({ round: 1, text: "bad" })).rejects.toThrow(RangeError);
    expect(await store.get("trivial/a")).toEqual(before);
  });
});

it("rests what somebody hears without a write on a read as durable as the write", async () => {
  const reads: (boolean | undefined)[] = [];
  const watched = new HoldMachine(
    new Proxy(store, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (name === "capabilities") return { ...target.capabilities, showsUnacknowledged: true };
        if (name !== "get") return typeof member === "function" ? member.bind(target) : member;
        return async (key: string, options: GetOptions) => {
          reads.push(options.durable);
          return await target.get(key, options);
        };
      },
    }),
    trivialKind,
  );
  const last = async (work: () => Promise<{ readonly verdict: string }>): Promise<unknown> => {
    reads.length = 0;
    const { verdict } = await work();
    return [verdict, reads.at(-1)];
  };
  const find = (options: GetOptions): ReturnType<Machine["load"]> => watched.load("a", options);
  await watched.open(trivialAsk(1));
  expect(await last(() => watched.open(trivialAsk(1)))).toEqual(["found", true]);
  expect(await last(() => watched.answer(find, { round: 1, text: "yes" }))).toEqual(["applied", false]);
  expect(await last(() => watched.answer(find, { round: 1, text: "yes" }))).toEqual(["found", true]);
  expect(await last(() => watched.answer(find, { round: 1, text: "no" }))).toEqual(["refused", true]);
});

describe("a write whose outcome is unknown", () => {
  it("is recognised where it has landed", async () => {
    const lossy = withPut(async (write) => {
      await write();
      throw unknown();
    });
    expect((await lossy.open(trivialAsk(1))).verdict).toBe("opened");
  });

  it("is made again where it has not", async () => {
    const lossy = withPut(async (write, calls) => {
      if (calls === 1) throw unknown();
      return await write();
    });
    expect((await lossy.open(trivialAsk(1))).verdict).toBe("opened");
  });

  it("is recognised where it lands late, between the look and the second attempt", async () => {
    let late: (() => Promise<unknown>) | undefined;
    const lossy = withPut(async (write, calls) => {
      if (calls === 1) {
        late = write;
        throw unknown();
      }
      await late?.();
      return await write();
    });
    expect((await lossy.open(trivialAsk(1))).verdict).toBe("opened");
  });

  it("is nobody's where somebody else was first", async () => {
    await machine.open(trivialAsk(1));
    const lossy = withPut(async (write, calls) => {
      if (calls > 1) return await write();
      await answer({ round: 1, text: "no" });
      throw unknown();
    });
    const { verdict } = await lossy.answer((options) => lossy.load("a", options), { round: 1, text: "yes" });
    expect(verdict).toBe("refused");
  });

  it("stays unknown where nobody can look", async () => {
    const lossy = withPut(async (write) => {
      await write();
      await store.close();
      throw unknown();
    });
    await expect(lossy.open(trivialAsk(1))).rejects.toMatchObject({ code: "timeout", outcome: "unknown" });
  });
});

it("recognises its own write behind a false conflict", async () => {
  const lossy = withPut(async (write) => {
    await write();
    throw new CheckpointError("conflict", "somebody else");
  });
  expect((await lossy.open(trivialAsk(1))).verdict).toBe("opened");
});

it("gives up on a document that changes all the time", async () => {
  await machine.open(trivialAsk(1));
  const contended = withPut(async () => {
    throw new CheckpointError("conflict", "somebody else");
  });
  await expect(
    contended.answer((options) => contended.load("a", options), { round: 1, text: "yes" }),
  ).rejects.toMatchObject({ code: "conflict", retryable: true });
});

it.each([true, false])("prunes what has ended: removed where it may be (%s), emptied where not", async (mayRemove) => {
  await machine.open(trivialAsk(1));
  await machine.open({ ...trivialAsk(1), id: "b" });
  await answer({ round: 1, text: "yes" });
  expect(await pruneHolds(machine, { olderThanMs: 0, mayRemove })).toEqual({
    examined: 2,
    removed: mayRemove ? 1 : 0,
    compacted: mayRemove ? 0 : 1,
  });
  expect((await machine.load("a"))?.document).toEqual(
    mayRemove ? undefined : expect.objectContaining({ answer: { round: 1, text: "" } }),
  );
});

it("lists what cannot be read with the reason, and goes on", async () => {
  await machine.open(trivialAsk(1));
  await store.put("trivial/broken", new Uint8Array([1]));
  const found = await Array.fromAsync(
    scanHolds(machine, {}, ({ id, located, problem }) => `${id} ${located?.document.state ?? problem?.code}`),
  );
  expect(found.toSorted()).toEqual(["a waiting", "broken corrupt"]);
});
