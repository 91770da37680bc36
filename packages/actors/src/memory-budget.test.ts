import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { MemoryBudget } from "./memory-budget.ts";
import type { MemoryLease } from "./memory-budget.ts";

const never = new AbortController().signal;

/** Takes, and tells in a list when it has. */
async function takeAs(name: string, lease: MemoryLease, bytes: number, taken: string[]): Promise<void> {
  await lease.take(bytes);
  taken.push(name);
}

/** Lets everything go on that can. */
async function settleDown(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

describe("a budget of memory", () => {
  it("is given in the order of asking, also where a later wish would fit", async () => {
    const budget = new MemoryBudget(10);
    const [first, second, third] = [budget.lease(never), budget.lease(never), budget.lease(never)];
    const taken: string[] = [];
    await first.take(6);
    void takeAs("second", second, 6, taken);
    void takeAs("third", third, 1, taken);
    await settleDown();
    expect(taken).toEqual([]);
    first.release();
    await settleDown();
    expect(taken).toEqual(["second", "third"]);
    expect(budget.heldBytes).toBe(7);
  });

  it("is given to one that is larger than all of it, alone", async () => {
    const budget = new MemoryBudget(10);
    const [small, large, later] = [budget.lease(never), budget.lease(never), budget.lease(never)];
    const taken: string[] = [];
    await small.take(1);
    void takeAs("large", large, 100, taken);
    void takeAs("later", later, 1, taken);
    await settleDown();
    expect(taken).toEqual([]);
    small.release();
    await settleDown();
    expect(taken).toEqual(["large"]);
    large.release();
    await settleDown();
    expect(taken).toEqual(["large", "later"]);
  });

  it("lets those get on that grow, one beyond the bound at a time, while others wait", async () => {
    const budget = new MemoryBudget(10);
    const [growing, other, waiting] = [budget.lease(never), budget.lease(never), budget.lease(never)];
    const taken: string[] = [];
    await growing.take(5);
    await other.take(5);
    void takeAs("waiting", waiting, 5, taken);
    void takeAs("other", other, 10, taken);
    void takeAs("growing", growing, 10, taken);
    await settleDown();
    expect(taken).toEqual(["other"]);
    other.release();
    await settleDown();
    expect(taken).toEqual(["other", "waiting", "growing"]);
  });

  it("lets one that can wait go beyond the bound only once all that hold something wait, alone until it lets go", async () => {
    const budget = new MemoryBudget(10);
    const [first, second, third, working] = [never, never, never, never].map((signal) => budget.lease(signal));
    if (!first || !second || !third || !working) throw new Error("there are four");
    const taken: string[] = [];
    for (const lease of [first, second, third, working]) await lease.take(2);
    for (const [name, lease] of Object.entries({ first, second, third })) {
      void lease.takeInTurn(8).then(() => taken.push(name));
    }
    await settleDown();
    expect(taken).toEqual([]);
    working.release();
    await settleDown();
    expect(taken).toEqual(["first"]);
    void first.takeInTurn(8).then(() => taken.push("first again"));
    await settleDown();
    expect(taken).toEqual(["first", "first again"]);
    expect(budget.heldBytes).toBe(6 + 16);
    first.release();
    await settleDown();
    expect(taken).toEqual(["first", "first again", "second"]);
    second.release();
    await settleDown();
    expect(taken).toEqual(["first", "first again", "second", "third"]);
    third.release();
    expect(budget.heldBytes).toBe(0);
  });

  it("goes on when one that waits gives up", async () => {
    const budget = new MemoryBudget(10);
    const [holding, impatient, next] = [budget.lease(never), new AbortController(), budget.lease(never)];
    const taken: string[] = [];
    await budget.lease(never).take(1);
    await holding.take(5);
    const givenUp = budget.lease(impatient.signal).take(9);
    void takeAs("next", next, 4, taken);
    const reason = new Error("too late");
    impatient.abort(reason);
    await expect(givenUp).rejects.toBe(reason);
    await settleDown();
    expect(taken).toEqual(["next"]);
    await expect(budget.lease(impatient.signal).take(1)).rejects.toBe(reason);
  });

  it("is never exceeded by more than one that grows, and never stands still", async () => {
    const total = 100;
    const growth = fc.array(fc.integer({ min: 1, max: 150 }), { minLength: 1, maxLength: 4 });
    const request = fc.record({
      growth,
      rest: fc.integer({ min: 0, max: 3 }),
      givesUp: fc.boolean(),
      isPatient: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { maxLength: 20 }), async (requests) => {
        const budget = new MemoryBudget(total);
        const largest = Math.max(0, ...requests.map((each) => each.growth.reduce((sum, bytes) => sum + bytes, 0)));
        const anyGrows = requests.some((each) => each.growth.length > 1);
        await Promise.all(
          requests.map(async ({ growth: steps, rest, givesUp, isPatient }) => {
            const patience = new AbortController();
            const lease = budget.lease(patience.signal);
            try {
              for (const bytes of steps) {
                const taking = isPatient ? lease.takeInTurn(bytes) : lease.take(bytes);
                if (givesUp) setImmediate(() => patience.abort(new Error("gone")));
                await taking;
                expect(budget.heldBytes).toBeLessThanOrEqual(anyGrows ? total + largest : Math.max(total, largest));
                for (let turn = 0; turn < rest; turn += 1) await settleDown();
              }
            } catch (error) {
              if (!patience.signal.aborted) throw error;
            } finally {
              lease.release();
            }
          }),
        );
        expect(budget.heldBytes).toBe(0);
      }),
    );
  });
});
