import { beforeEach, describe, expect, it, vi } from "vitest";

import type { CheckpointStore } from "../store/checkpoint-store.ts";
import { openHolds } from "../../test/holds-fixture.ts";
import { createHolds } from "./create-holds.ts";
import type { HoldError } from "./hold-error.ts";
import type { Holds } from "./holds.ts";

let holds: Holds;
let store: CheckpointStore;

const request = { ask: { message: "Refund?" } };
const outcome = async (promise: Promise<unknown>): Promise<unknown> =>
  await promise.catch((error: HoldError) => error.code);

/** The same store, with other capabilities. */
function withCapabilities(changed: Partial<CheckpointStore["capabilities"]>): CheckpointStore {
  return new Proxy(store, {
    get(target, name) {
      if (name === "capabilities") return { ...target.capabilities, ...changed };
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

beforeEach(async () => {
  ({ holds, store } = await openHolds());
});

describe.each([true, false])("forgetting, on a store whose deletes take a condition: %s", (conditionalDelete) => {
  beforeEach(() => {
    holds = createHolds(withCapabilities({ conditionalDelete }));
  });

  it("leaves no trace: the question can be asked again, and is another one", async () => {
    const keys: string[] = [];
    for (const round of [1, 2]) {
      expect(await holds.open("a", request)).toMatchObject({ outcome: "opened" });
      await holds.answer("a", { decision: "approve" });
      await holds.act("a", ({ idempotencyKey }) => keys.push(idempotencyKey));
      expect(await holds.forget("a")).toBe(true);
      expect(keys).toHaveLength(round);
      expect(await holds.forget("a")).toBe(false);
      expect(await holds.inspect("a")).toBeNull();
      expect(await Array.fromAsync(holds.list())).toEqual([]);
      expect(await outcome(holds.answer("a", { decision: "approve" }))).toBe("not-found");
      expect(await outcome(holds.act("a", () => 1))).toBe("not-found");
      expect(await outcome(holds.cancel("a"))).toBe("not-found");
      expect(await outcome(holds.settle("a", { applied: true }))).toBe("not-found");
    }
    expect(new Set(keys).size).toBe(2);
  });

  it("is refused for whatever has not ended", async () => {
    await holds.open("a", request);
    expect(await outcome(holds.forget("a"))).toBe("not-ended");
    await holds.answer("a", { decision: "approve" });
    expect(await outcome(holds.forget("a"))).toBe("not-ended");
    await holds.act("a", async () => {
      expect(await outcome(holds.forget("a"))).toBe("not-ended");
    });
    await holds.prune({ olderThanMs: 0 });
    expect(await holds.forget("a")).toBe(true);
  });

  it("takes no question with it that was asked since", async () => {
    await holds.open("a", request);
    await holds.cancel("a");
    const outcomes = await Promise.all([
      holds.forget("a"),
      holds.forget("a").then(async () => await holds.open("a", request)),
      holds.forget("a"),
    ]);
    expect(outcomes[1]).toMatchObject({ outcome: "opened" });
    expect(await holds.inspect("a")).toMatchObject({ state: "waiting" });
  });
});

it("forgets by itself after the end, and never what was only answered", async () => {
  holds = createHolds(store, { forgetAfterMs: 200 });
  await holds.open("answered", request);
  await holds.answer("answered", { decision: "approve" });
  await holds.open("rejected", request);
  await holds.answer("rejected", { decision: "reject" });
  await vi.waitFor(async () => expect(await holds.inspect("rejected")).toBeNull(), { timeout: 5_000 });
  expect(await holds.act("answered", () => "paid")).toMatchObject({ outcome: "done", ran: true });
});

it("says where a store cannot forget by itself", () => {
  expect(() => createHolds(withCapabilities({ ttl: false }), { forgetAfterMs: 1 })).toThrow(
    /expires values by itself/u,
  );
  expect(() => createHolds(store, { forgetAfterMs: 0 })).toThrow(/whole number from 1/u);
  expect(() => createHolds(store, { expiryMarginMs: -1 })).toThrow(/0 or more/u);
});

it("prunes the signs of life that dead workers have left, and no others", async () => {
  await holds.open("done", request);
  await holds.answer("done", { decision: "approve" });
  await holds.act("done", () => 1);
  await holds.open("acting", request);
  await holds.answer("acting", { decision: "approve" });
  await holds.act("acting", async () => {
    for (const id of ["done", "acting", "gone"]) await store.put(`hold-leases/${id}.json`, new Uint8Array([1]));
    await holds.prune({ olderThanMs: 0, dryRun: true });
    expect(await Array.fromAsync(store.list({ prefix: "hold-leases/" }))).toHaveLength(3);
    await holds.prune({ olderThanMs: 0 });
    const left = await Array.fromAsync(store.list({ prefix: "hold-leases/" }));
    expect(left.map(({ key }) => key)).toEqual(["hold-leases/acting.json"]);
  });
});
