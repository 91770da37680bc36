import { setTimeout as sleep } from "node:timers/promises";

import { createPauseLedger } from "@holdpoint/asya";
import { openStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import type { Holds } from "@holdpoint/core/holds";
import { createHolds } from "@holdpoint/core/holds";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { ItemList } from "./item-list.ts";
import { listedHold } from "./listed-item.ts";

let store: CheckpointStore;
let holds: Holds;
let list: ItemList;
/** Lets each listing of the store go on. */
let gate: Promise<void>;
let listings: number;
let reads: number;
let now: Date;

beforeEach(async () => {
  store = await openStore("memory:");
  reads = 0;
  const counted = new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (name === "get") reads += 1;
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  now = new Date();
  holds = createHolds(counted, { now: () => now });
  gate = Promise.resolve();
  listings = 0;
  const gated: Holds = {
    ...holds,
    list: async function* (options) {
      listings += 1;
      await gate;
      yield* holds.list(options);
    },
  };
  list = new ItemList(gated, createPauseLedger(counted), () => now, new AbortController().signal);
});
afterEach(async () => await store.close());

const ask = { message: "?" };

/** Waits until the list was made again, from a beginning after this. */
async function nextListing(): Promise<void> {
  const calledAt = performance.now();
  const isNew = async (): Promise<boolean> => {
    const { ageMs } = await list.read();
    return performance.now() - ageMs > calledAt;
  };
  await expect.poll(isNew, { timeout: 30_000 }).toBe(true);
}
const idsOf = async (): Promise<readonly string[]> => (await list.read()).items.map(({ id }) => id).toSorted();

describe("the list", () => {
  it("is made once for all who look at the same time, and not again at once", async () => {
    await holds.open("a", { ask });
    await Promise.all([list.read(), list.read(), list.read()]);
    await list.read();
    expect(listings).toBe(1);
    expect(await idsOf()).toEqual(["a"]);
  });

  it("shows what somebody has just changed, also while it is made anew", async () => {
    await holds.open("a", { ask });
    await list.read();
    await holds.answer("a", { decision: "approve" });
    const hold = await holds.inspect("a");
    if (hold !== null) list.update(listedHold(hold));
    expect((await list.read()).items).toMatchObject([{ state: "answered" }]);
  });

  it("keeps nobody waiting for a store that is slow, and says how far it is", async () => {
    await holds.open("a", { ask });
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    const beganAt = performance.now();
    expect(await list.read()).toMatchObject({ items: [], isComplete: false });
    expect(performance.now() - beganAt).toBeLessThan(5_000);
    resolve();
    await expect.poll(async () => (await list.read()).isComplete).toBe(true);
    expect(await idsOf()).toEqual(["a"]);
    // The first listing says nothing of the next ones; of those, what took long is not done again soon.
    const again = Promise.withResolvers<void>();
    gate = again.promise;
    const made = nextListing();
    await expect.poll(() => listings, { timeout: 30_000 }).toBe(2);
    await sleep(1_000);
    again.resolve();
    await made;
    await sleep(600);
    await list.read();
    expect(listings).toBe(2);
  });

  it("says that the store failed to whoever waits, and is whole again afterwards", async () => {
    gate = Promise.reject(new Error("away"));
    gate.catch(() => undefined);
    await expect(list.read()).rejects.toThrow("away");
    gate = Promise.resolve();
    await holds.open("a", { ask });
    expect(await idsOf()).toEqual(["a"]);
  });

  it("reads only what has changed, and tells what has", async () => {
    for (const id of ["a", "b", "c"]) await holds.open(id, { ask });
    await list.read();
    const told: string[] = [];
    const unsubscribe = list.subscribe((changes) => {
      for (const { before, after } of changes) told.push(`${before?.id} ${after?.state}`);
    });
    await holds.answer("a", { decision: "approve" });
    await store.delete("holds/b.json");
    reads = 0;
    await nextListing();
    expect(told.toSorted()).toEqual(["a answered", "b undefined"]);
    expect(reads).toBe(1);
    expect(await idsOf()).toEqual(["a", "c"]);
    unsubscribe();
    reads = 0;
    await nextListing();
    expect(reads).toBe(0);
  });

  it("finds that a time is over, which changes no document", async () => {
    await holds.open("a", { ask, expiresAt: new Date(now.getTime() + 60_000) });
    await holds.open("b", { ask });
    await list.read();
    now = new Date(now.getTime() + 120_000);
    reads = 0;
    await nextListing();
    expect((await list.read()).items.map(({ id, state }) => `${id} ${state}`).toSorted()).toEqual([
      "a expired",
      "b waiting",
    ]);
    expect(reads).toBe(1);
    reads = 0;
    await nextListing();
    expect(reads).toBe(0);
  });

  it("does not miss what happens to an item that was updated while the list was made", async () => {
    await holds.open("a", { ask });
    await list.read();
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    const before = listings;
    await expect.poll(async () => (await list.read()) && listings, { timeout: 30_000 }).toBe(before + 1);
    await holds.answer("a", { decision: "approve" });
    const hold = await holds.inspect("a");
    if (hold !== null) list.update(listedHold(hold));
    await holds.cancel("a");
    resolve();
    await nextListing();
    await nextListing();
    expect((await list.read()).items).toMatchObject([{ state: "canceled" }]);
  });
});
