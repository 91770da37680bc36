import { beforeEach, describe, expect, it } from "vitest";

import { createMemoryStore } from "../../drivers/memory-store.ts";
import { CheckpointError } from "../../store/checkpoint-error.ts";
import type { CheckpointStore, GetOptions, PutOptions } from "../../store/checkpoint-store.ts";
import type { TrivialDocument } from "../../../test/trivial-documents.ts";
import { trivialDocuments } from "../../../test/trivial-documents.ts";
import { HoldMachine } from "./hold-machine.ts";
import { pruneHolds } from "./prune-holds.ts";
import { scanHolds } from "./scan-holds.ts";

type Machine = HoldMachine<TrivialDocument>;

const question: TrivialDocument = { id: "a", question: "Pizza?" };

let store: CheckpointStore;
let machine: Machine;

beforeEach(async () => {
  store = await createMemoryStore();
  machine = new HoldMachine(store, trivialDocuments);
});

async function open(asked: Machine, next: TrivialDocument, ifVersion?: string): Promise<string> {
  const opened = { verdict: "opened", next };
  const { verdict } = await asked.change<string>({
    operation: "open",
    id: next.id,
    find: (options) => asked.load(next.id, options),
    judge: (found) => (found === undefined ? opened : { verdict: "found" }),
    first: [...(ifVersion === undefined ? [] : [{ ...opened, ifVersion }]), { ...opened, ifVersion: undefined }],
  });
  return verdict;
}

async function answer(asked: Machine, text: string): Promise<string> {
  const { verdict } = await asked.change<string>({
    operation: "answer",
    id: "a",
    find: (options) => asked.load("a", options),
    judge: (found) => {
      if (found === undefined) return { verdict: "not-found" };
      if (text === "bad") throw new RangeError("bad");
      if (found.document.answer === text) return { verdict: "found" };
      if (found.document.answer !== undefined) return { verdict: "refused" };
      return { verdict: "applied", next: { ...found.document, answer: text } };
    },
  });
  return verdict;
}

/** The same store, with `put` replaced. */
function withPut(
  put: (write: () => Promise<{ readonly version: string }>, calls: number) => Promise<{ readonly version: string }>,
  documents = trivialDocuments,
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
  return new HoldMachine(altered, documents);
}

const unknown = (): CheckpointError =>
  new CheckpointError("timeout", "no answer", { outcome: "unknown", retryable: true });

it("judges what is there, and writes what comes next", async () => {
  const verdicts = [
    await answer(machine, "yes"),
    await open(machine, question),
    await open(machine, question),
    await answer(machine, "yes"),
    await answer(machine, "yes"),
    await answer(machine, "no"),
  ];
  expect(verdicts).toEqual(["not-found", "opened", "found", "applied", "found", "refused"]);
});

it("writes at once over a version that is known", async () => {
  const first = await machine.write("open", question, undefined);
  expect(await open(machine, { ...question, question: "Pasta?" }, first?.version)).toBe("opened");
  expect((await machine.load("a"))?.document.question).toBe("Pasta?");
  // A version that has passed is no harm.
  expect(await open(machine, question, first?.version)).toBe("found");
});

it("changes nothing where the judgement throws", async () => {
  await open(machine, question);
  const before = await store.get("trivial/a");
  await expect(answer(machine, "bad")).rejects.toThrow(RangeError);
  expect(await store.get("trivial/a")).toEqual(before);
});

it("leaves room for what comes next", async () => {
  const { maxBodyBytes } = store.capabilities;
  const long = { ...question, question: "?".repeat(maxBodyBytes - maxBodyBytes / 8) };
  await expect(open(machine, long)).rejects.toMatchObject({
    code: "too-large",
    operation: "open",
    message: expect.stringMatching(
      /^memory: cannot open the hold "a": .* for an answer\..* into the question\.$/u,
    ) as unknown,
  });
  expect(await store.get("trivial/a")).toBeNull();
});

it("gives the store the time to live that is left from the end on", async () => {
  const ttls: (number | undefined)[] = [];
  const watched = new HoldMachine(
    new Proxy(store, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (name !== "put") return typeof member === "function" ? member.bind(target) : member;
        return async (key: string, body: Uint8Array, { ttlMs, ...options }: PutOptions) => {
          ttls.push(ttlMs);
          return await target.put(key, body, options);
        };
      },
    }),
    trivialDocuments,
    { ttlMs: 5_000, now: () => new Date(2_000) },
  );
  await open(watched, question);
  await answer(watched, "yes");
  expect(ttls).toEqual([undefined, 3_000]);
});

describe("where the store shows what nothing has acknowledged", () => {
  /** The machine, and whether each read was a durable one. */
  function watchReads(afterRead?: (reads: number) => Promise<unknown>): { machine: Machine; reads: boolean[] } {
    const reads: boolean[] = [];
    const watched = new Proxy(store, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (name === "capabilities") return { ...target.capabilities, showsUnacknowledged: true };
        if (name !== "get") return typeof member === "function" ? member.bind(target) : member;
        return async (key: string, options: GetOptions) => {
          const stored = await target.get(key, options);
          await afterRead?.(reads.push(options.durable === true));
          return stored;
        };
      },
    });
    return { machine: new HoldMachine(watched, trivialDocuments), reads };
  }

  it("what somebody hears without a write rests on a read as durable as the write", async () => {
    const { machine: watched, reads } = watchReads(async () => {});
    const readsOf = async (work: Promise<string>): Promise<unknown> => {
      reads.length = 0;
      return [await work, ...reads];
    };
    expect(await readsOf(answer(watched, "yes"))).toEqual(["not-found", false, true]);
    await open(watched, question);
    expect(await readsOf(open(watched, question))).toEqual(["found", true]);
    expect(await readsOf(answer(watched, "yes"))).toEqual(["applied", false]);
    expect(await readsOf(answer(watched, "yes"))).toEqual(["found", false, true]);
    expect(await readsOf(answer(watched, "no"))).toEqual(["refused", false, true]);
  });

  it("and on what is there by then", async () => {
    await open(machine, question);
    await answer(machine, "yes");
    const { machine: watched, reads } = watchReads(async (count) => {
      // A failover has lost the answer that was read.
      if (count === 1) await store.put("trivial/a", trivialDocuments.encode(question, "lost"));
    });
    expect(await answer(watched, "yes")).toBe("applied");
    expect(reads).toEqual([false, true, true]);
  });
});

describe("a write whose outcome is unknown", () => {
  it("is recognised where it has landed", async () => {
    const lossy = withPut(async (write) => {
      await write();
      throw unknown();
    });
    expect(await open(lossy, question)).toBe("opened");
  });

  it("is made again where it has not", async () => {
    const lossy = withPut(async (write, calls) => {
      if (calls === 1) throw unknown();
      return await write();
    });
    expect(await open(lossy, question)).toBe("opened");
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
    expect(await open(lossy, question)).toBe("opened");
  });

  it("is nobody's where somebody else was first", async () => {
    await open(machine, question);
    const lossy = withPut(async (write, calls) => {
      if (calls > 1) return await write();
      await answer(machine, "no");
      throw unknown();
    });
    expect(await answer(lossy, "yes")).toBe("refused");
  });

  it("stays unknown where nobody can look", async () => {
    const lossy = withPut(async (write) => {
      await write();
      await store.close();
      throw unknown();
    });
    await expect(open(lossy, question)).rejects.toMatchObject({ code: "timeout", outcome: "unknown" });
  });
});

it("judges its own write like any other where the documents keep no nonce", async () => {
  const { nonceOf: _none, ...documents } = trivialDocuments;
  const lossy = withPut(async (write) => {
    await write();
    throw unknown();
  }, documents);
  expect(await open(lossy, question)).toBe("found");
});

it("recognises its own write behind a false conflict", async () => {
  const lossy = withPut(async (write) => {
    await write();
    throw new CheckpointError("conflict", "somebody else");
  });
  expect(await open(lossy, question)).toBe("opened");
});

it("gives up on a document that changes all the time", async () => {
  await open(machine, question);
  const contended = withPut(async () => {
    throw new CheckpointError("conflict", "somebody else");
  });
  await expect(answer(contended, "yes")).rejects.toMatchObject({
    code: "conflict",
    retryable: true,
    message: expect.stringContaining('cannot answer the hold "a": its document "trivial/a"') as unknown,
  });
});

it.each([true, false])("prunes what has ended: removed where it may be (%s), emptied where not", async (mayRemove) => {
  await open(machine, question);
  await open(machine, { ...question, id: "b" });
  await answer(machine, "yes");
  expect(await pruneHolds(machine, { olderThanMs: 0, mayRemove })).toEqual({
    examined: 2,
    removed: mayRemove ? 1 : 0,
    compacted: mayRemove ? 0 : 1,
  });
  expect((await machine.load("a"))?.document).toEqual(mayRemove ? undefined : expect.objectContaining({ answer: "" }));
});

it("lists what cannot be read with the reason, and goes on", async () => {
  await open(machine, question);
  await store.put("trivial/broken", new Uint8Array([1]));
  const found = await Array.fromAsync(
    scanHolds(machine, {}, ({ id, located, problem }) => `${id} ${located?.document.question ?? problem?.code}`),
  );
  expect(found.toSorted()).toEqual(["a Pizza?", "broken corrupt"]);
});

it("prunes by what the caller knows besides, and leaves alone what has changed meanwhile", async () => {
  await open(machine, question);
  await answer(machine, "yes");
  const pruned = await pruneHolds(machine, {
    olderThanMs: 0,
    mayRemove: false,
    mayGo: async ({ id }) =>
      (await machine.write("change", { ...question, id }, (await machine.load(id))?.version)) !== undefined,
  });
  expect(pruned).toEqual({ examined: 1, removed: 0, compacted: 0 });
  expect((await machine.load("a"))?.document.answer).toBeUndefined();
});
