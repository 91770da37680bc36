import { beforeEach, expect, it } from "vitest";

import { createMemoryStore } from "../drivers/memory-store.ts";
import { CheckpointError } from "../store/checkpoint-error.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import { VirtualTime } from "../../test/virtual-time.ts";
import { createHoldsIn } from "./create-holds.ts";
import type { HoldError } from "./hold-error.ts";
import type { Holds } from "./holds.ts";

let time: VirtualTime;
let holds: Holds;
let asker: Holds;
let reads: number;
let isDown: boolean;

beforeEach(async () => {
  time = new VirtualTime();
  reads = 0;
  isDown = false;
  const store: CheckpointStore = await createMemoryStore();
  const counting = new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return async (...parameters: readonly unknown[]): Promise<unknown> => {
        if (name === "get") reads += 1;
        if (isDown) throw new CheckpointError("unavailable", "down", { retryable: true });
        return await Reflect.apply(member, target, parameters);
      };
    },
  });
  holds = createHoldsIn(counting, time.process("waiter"));
  asker = createHoldsIn(store, time.process("asker"));
});

const open = async (id: string): Promise<void> => {
  await asker.open(id, { ask: { message: id } });
};

it("resolves once the hold is answered, with the answer", async () => {
  await open("a");
  const waiting = holds.wait("a");
  await time.pass(60_000);
  await asker.answer("a", { decision: "reject", comment: "no" }, { by: "ada" });
  expect(await time.until(waiting)).toMatchObject({ state: "rejected", answer: { decision: "reject", by: "ada" } });
});

it("resolves at once for what waits no more, and says where it stands", async () => {
  await open("a");
  await asker.answer("a", { decision: "approve" });
  await asker.act("a", () => "paid");
  expect(await time.until(holds.wait("a"))).toMatchObject({ state: "done", answer: { decision: "approve" } });
  await asker.prune({ olderThanMs: 0 });
  expect(await time.until(holds.wait("a"))).toEqual({ id: "a", state: "done", answer: undefined });
});

it("refuses what was never asked, and resolves for what is gone", async () => {
  await expect(time.until(holds.wait("a"))).rejects.toMatchObject({ code: "not-found" } satisfies Partial<HoldError>);
  await open("a");
  const waiting = holds.wait("a");
  await time.pass(1_000);
  await asker.cancel("a");
  await asker.forget("a");
  expect(await time.until(waiting)).toEqual({ id: "a", state: "gone", answer: undefined });
});

it("ends with its signal, or after as long as it was told", async () => {
  await open("a");
  const controller = new AbortController();
  const waiting = holds.wait("a", { signal: controller.signal });
  const patient = holds.wait("a", { waitMs: 5_000 });
  waiting.catch(() => {});
  await time.pass(1_000);
  controller.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  expect(await time.until(patient)).toEqual({ id: "a", state: "waiting", answer: undefined });
  // Nobody waits any more, so nobody looks.
  reads = 0;
  await time.pass(60_000);
  expect(reads).toBe(0);
});

it("outlasts a store that is away", async () => {
  await open("a");
  const waiting = holds.wait("a");
  await time.pass(1_000);
  isDown = true;
  await time.pass(600_000);
  isDown = false;
  await asker.answer("a", { decision: "approve" });
  expect(await time.until(waiting)).toMatchObject({ state: "answered" });
});

it("looks for a thousand who wait for one hold as for one", async () => {
  await open("a");
  const waiting = Array.from({ length: 1_000 }, async () => await holds.wait("a"));
  await time.pass(60_000);
  expect(reads).toBeLessThan(30);
  await asker.answer("a", { decision: "approve" });
  const results = await time.until(Promise.all(waiting));
  expect(results.every(({ state }) => state === "answered")).toBe(true);
});

it("looks at most fifty times a second for a thousand who wait for a thousand holds, and misses none", async () => {
  const ids = Array.from({ length: 1_000 }, (_, index) => `hold-${index}`);
  for (const id of ids) await open(id);
  const waiting = Promise.all(ids.map(async (id) => await holds.wait(id)));
  for (let second = 0; second < 30; second += 1) {
    reads = 0;
    await time.pass(1_000);
    expect(reads).toBeLessThanOrEqual(51);
  }
  for (const id of ids) await asker.answer(id, { decision: "approve" });
  const answeredMs = time.nowMs;
  await time.until(waiting);
  // A round of all thousand takes twenty seconds.
  expect(time.nowMs - answeredMs).toBeLessThan(30_000);
});
