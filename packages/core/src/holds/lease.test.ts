import { beforeEach, describe, expect, it } from "vitest";

import { createMemoryStore } from "../drivers/memory-store.ts";
import { CheckpointError } from "../store/checkpoint-error.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import type { VirtualProcess } from "../../test/virtual-time.ts";
import { VirtualTime } from "../../test/virtual-time.ts";
import { createHoldsIn } from "./create-holds.ts";
import type { HoldError } from "./hold-error.ts";
import type { ActOptions, Holds } from "./holds.ts";

const leaseMs = 30_000;

let time: VirtualTime;
let store: CheckpointStore;
let first: VirtualProcess;
let holds: Holds;
let other: Holds;

beforeEach(async () => {
  time = new VirtualTime();
  store = await createMemoryStore();
  first = time.process("first");
  holds = createHoldsIn(store, first);
  other = createHoldsIn(store, time.process("other"));
  await holds.open("a", { ask: { message: "?" } });
  await holds.answer("a", { decision: "approve" });
});

/** Begins to act with work that lasts until it is ended. */
async function begin(
  options: ActOptions = {},
): Promise<{ end: (result: unknown) => void; acted: Promise<unknown>; signal: AbortSignal }> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const begun = Promise.withResolvers<AbortSignal>();
  const acted = holds.act(
    "a",
    async ({ signal }) => {
      begun.resolve(signal);
      return await promise;
    },
    options,
  );
  acted.catch(() => {});
  return { end: resolve, acted, signal: await begun.promise };
}

const outcome = async (promise: Promise<unknown>): Promise<unknown> =>
  await promise.catch((error: HoldError) => error.code);

/** The same store, where reads fail while `isDown`. */
function flaky(isDown: () => boolean): CheckpointStore {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return async (...parameters: readonly unknown[]): Promise<unknown> => {
        if (isDown()) throw new CheckpointError("unavailable", "down", { retryable: true, outcome: "not-applied" });
        return await Reflect.apply(member, target, parameters);
      };
    },
  });
}

describe("while somebody acts", () => {
  it("whoever else acts waits for the receipt, however long the work takes", async () => {
    const { end } = await begin();
    const waiting = other.act("a", () => "must not run");
    await time.pass(20 * leaseMs);
    end("paid");
    expect(await time.until(waiting)).toEqual({ outcome: "done", id: "a", ran: false, receipt: "paid" });
    expect(await store.get("hold-leases/a.json")).toBeNull();
  });

  it("or is refused at once", async () => {
    await begin();
    expect(await outcome(other.act("a", () => "must not run", { ifActing: "refuse" }))).toBe("acting");
    expect(await outcome(other.settle("a", { applied: true }, { ifActing: "refuse" }))).toBe("acting");
  });

  it("work that is short costs no sign of life", async () => {
    const { end, acted } = await begin();
    await time.pass(leaseMs / 3 - 1);
    end("paid");
    await acted;
    expect(await Array.fromAsync(store.list())).toHaveLength(1);
  });

  it("a lease is not for less than somebody could keep", async () => {
    expect(await outcome(holds.act("a", () => 1, { leaseMs: 1 }))).toBe("invalid-argument");
  });
});

describe("a worker that has died", () => {
  it("leaves the hold in doubt under stop, and nobody runs until somebody settles", async () => {
    await begin();
    first.kill();
    expect(await outcome(time.until(other.act("a", () => "must not run")))).toBe("in-doubt");
    expect(time.nowMs).toBeGreaterThanOrEqual(leaseMs);
    expect(await other.inspect("a")).toMatchObject({ state: "in-doubt", doubt: { why: "went-silent" } });
    expect(await outcome(other.act("a", () => "must not run", { whenInDoubt: "again" }))).toBe("in-doubt");
    expect(await other.settle("a", { applied: true, receipt: "paid" }, { by: "ada", reason: "seen in the bank" })).toBe(
      true,
    );
    expect(await other.settle("a", { applied: true, receipt: "paid" })).toBe(false);
    expect(await outcome(other.settle("a", { applied: true, receipt: "else" }))).toBe("not-in-doubt");
    expect(await other.act("a", () => "must not run")).toMatchObject({ outcome: "done", ran: false, receipt: "paid" });
  });

  it("is settled as without effect, and then somebody else acts", async () => {
    await begin();
    first.kill();
    expect(await time.until(other.settle("a", { applied: false }))).toBe(true);
    expect(await other.act("a", ({ attempt }) => attempt)).toMatchObject({ ran: true, receipt: 2 });
  });

  it("is settled by the attempt that was looked at, and by no other", async () => {
    await begin();
    first.kill();
    expect(await outcome(time.until(other.act("a", () => "must not run")))).toBe("in-doubt");
    // Two people look at the same attempt. The second one's word comes once there is another in doubt.
    expect(await other.settle("a", { applied: false }, { by: "ada", attempt: 1 })).toBe(true);
    await expect(other.act("a", () => Promise.reject(new Error("no answer")))).rejects.toMatchObject({
      code: "in-doubt",
    });
    await expect(other.settle("a", { applied: false }, { by: "bob", attempt: 1 })).rejects.toMatchObject({
      code: "not-in-doubt",
      message: expect.stringContaining("attempt 2"),
    });
    expect(await other.inspect("a")).toMatchObject({ state: "in-doubt", claim: { attempt: 2 } });
    expect(await other.settle("a", { applied: true }, { by: "bob", attempt: 2 })).toBe(true);
    expect(await outcome(other.settle("a", { applied: true }, { attempt: 0 }))).toBe("invalid-argument");
  });

  it("is taken over once under again, by one of those who watch", async () => {
    await begin({ whenInDoubt: "again" });
    first.kill();
    let runs = 0;
    const acts = Array.from(
      { length: 4 },
      async (_, index) =>
        await createHoldsIn(store, time.process(`w${index}`)).act("a", ({ attempt }) => [(runs += 1), attempt], {
          whenInDoubt: "again",
        }),
    );
    const results = await time.until(Promise.all(acts));
    expect(runs).toBe(1);
    expect(results.map((result) => (result.outcome === "done" ? result.receipt : undefined))).toEqual(
      Array.from({ length: 4 }, () => [1, 2]),
    );
  });

  it("is found dead whatever the clocks say", async () => {
    await begin({ whenInDoubt: "again" });
    first.kill();
    const behind = createHoldsIn(store, time.process("behind", -3_600_000));
    expect(await time.until(behind.act("a", () => "paid", { whenInDoubt: "again" }))).toMatchObject({ ran: true });
    expect(time.nowMs).toBeLessThan(3 * leaseMs);
  });
});

describe("a worker that lives", () => {
  it("is not taken for dead by one whose clock is an hour ahead", async () => {
    const { end } = await begin({ whenInDoubt: "again" });
    const ahead = createHoldsIn(store, time.process("ahead", 3_600_000));
    const waiting = ahead.act("a", () => "must not run", { whenInDoubt: "again" });
    await time.pass(10 * leaseMs);
    end("paid");
    expect(await time.until(waiting)).toMatchObject({ ran: false, receipt: "paid" });
  });

  it("is not taken for dead by one that could not look for a while", async () => {
    const { end } = await begin({ whenInDoubt: "again" });
    let isDown = false;
    const cutOff = createHoldsIn(
      flaky(() => isDown),
      time.process("cut off"),
    );
    const waiting = cutOff.act("a", () => "must not run", { whenInDoubt: "again" });
    await time.pass(leaseMs / 3 - 1);
    isDown = true;
    await time.pass(1.2 * leaseMs);
    isDown = false;
    await time.pass(2 * leaseMs);
    end("paid");
    expect(await time.until(waiting)).toMatchObject({ ran: false, receipt: "paid" });
  });

  it("is not taken for dead by one that stood still with it", async () => {
    const { end } = await begin({ whenInDoubt: "again" });
    const watcher = time.process("watcher");
    const waiting = createHoldsIn(store, watcher).act("a", () => "must not run", { whenInDoubt: "again" });
    await time.pass(leaseMs / 2);
    watcher.suspend();
    first.suspend();
    await time.pass(10 * leaseMs);
    watcher.resume();
    await time.pass(leaseMs / 10);
    first.resume();
    await time.pass(2 * leaseMs);
    end("paid");
    expect(await time.until(waiting)).toMatchObject({ ran: false, receipt: "paid" });
  });
});

describe("a worker that wakes up late", () => {
  it("still records its receipt under stop, as long as nobody has settled", async () => {
    const { end, acted, signal } = await begin();
    first.suspend();
    expect(await outcome(time.until(other.act("a", () => "must not run")))).toBe("in-doubt");
    first.resume();
    await time.pass(leaseMs);
    expect(signal.aborted).toBe(false);
    end("paid");
    expect(await acted).toMatchObject({ outcome: "done", ran: true, receipt: "paid" });
    expect(await other.act("a", () => "must not run")).toMatchObject({ ran: false, receipt: "paid" });
  });

  it("is told that somebody has settled", async () => {
    const { end, acted } = await begin();
    first.suspend();
    await time.until(other.settle("a", { applied: true, receipt: "seen" }));
    first.resume();
    end("paid");
    expect(await outcome(time.until(acted))).toBe("claim-lost");
    expect(await holds.act("a", () => "must not run")).toMatchObject({ ran: false, receipt: "seen" });
  });

  it("is told by its signal under again, and what the other returned counts", async () => {
    const { end, acted, signal } = await begin({ whenInDoubt: "again" });
    first.suspend();
    expect(await time.until(other.act("a", () => "second", { whenInDoubt: "again" }))).toMatchObject({ ran: true });
    expect(signal.aborted).toBe(false);
    first.resume();
    await time.pass(leaseMs);
    expect(signal.aborted).toBe(true);
    end("first");
    expect(await outcome(time.until(acted))).toBe("claim-lost");
    expect(await holds.act("a", () => "must not run")).toMatchObject({ receipt: "second" });
  });
});

describe("a store that is away", () => {
  it("gets the receipt once it is back", async () => {
    let isDown = false;
    holds = createHoldsIn(
      flaky(() => isDown),
      first,
    );
    const { end, acted } = await begin();
    isDown = true;
    end("paid");
    await time.pass(leaseMs / 2);
    isDown = false;
    expect(await time.until(acted)).toMatchObject({ outcome: "done", ran: true });
    expect(await other.act("a", () => "must not run")).toMatchObject({ ran: false, receipt: "paid" });
  });

  it("does not get it if it stays away, and the caller is told", async () => {
    let isDown = false;
    holds = createHoldsIn(
      flaky(() => isDown),
      first,
    );
    const { end, acted } = await begin();
    isDown = true;
    end("paid");
    expect(await outcome(time.until(acted))).toBe("in-doubt");
  });

  it("runs a claim of this process whose answer was lost, and runs it once", async () => {
    let isDown = false;
    let isLossy = true;
    const lossy = new Proxy(
      flaky(() => isDown),
      {
        get(target, name) {
          const member: unknown = Reflect.get(target, name, target);
          if (name !== "put" || typeof member !== "function") return member;
          return async (...parameters: readonly unknown[]): Promise<unknown> => {
            const result: unknown = await Reflect.apply(member, target, parameters);
            if (!isLossy) return result;
            isDown = true;
            throw new CheckpointError("timeout", "no answer", { retryable: true, outcome: "unknown" });
          };
        },
      },
    );
    const unsure = createHoldsIn(lossy, first);
    let runs = 0;
    const act = async (): Promise<unknown> => await unsure.act("a", () => (runs += 1));
    expect(await outcome(act())).toBe("timeout");
    expect(runs).toBe(0);
    expect(await other.inspect("a")).toMatchObject({ state: "acting" });
    isDown = false;
    isLossy = false;
    const [one, two] = await time.until(Promise.all([act(), act()]));
    expect([one, two].filter((result) => (result as { ran: boolean }).ran)).toHaveLength(1);
    expect(runs).toBe(1);
  });
});
