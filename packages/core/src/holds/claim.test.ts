import { setTimeout as sleep } from "node:timers/promises";

import { beforeEach, describe, expect, it } from "vitest";

import { openStore } from "../store/open-store.ts";
import { createHolds } from "./create-holds.ts";
import type { HoldError } from "./hold-error.ts";
import type { ClaimResult, Holds } from "./holds.ts";

const ask = { message: "Refund 5000?" };
const token = "a token of sixteen";

let holds: Holds;
/** The same store, as another process sees it. */
let others: Holds;

beforeEach(async () => {
  const store = await openStore("memory:");
  [holds, others] = [createHolds(store), createHolds(store)];
  await holds.open("a", { ask, content: { amount: 5_000 }, savedState: "where I was" });
  await holds.answer("a", { decision: "approve" }, { by: "ada" });
});

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.catch((error: HoldError) => error.code);
}

function tokenOf(claimed: ClaimResult): string {
  return claimed.outcome === "claimed" ? claimed.token : "";
}

describe("a worker elsewhere", () => {
  it("claims, renews and ends in calls that any process may take", async () => {
    const claimed = await holds.claim("a", { worker: "python on host-7" });
    expect(claimed).toMatchObject({
      outcome: "claimed",
      attempt: 1,
      content: { amount: 5_000 },
      savedState: "where I was",
      leaseMs: 30_000,
      answer: { by: "ada" },
    });
    expect(await holds.inspect("a")).toMatchObject({ state: "acting", claim: { worker: "python on host-7" } });
    expect(await codeOf(others.claim("a", { ifActing: "refuse" }))).toBe("acting");
    await others.renew("a", tokenOf(claimed));
    await others.finish("a", tokenOf(claimed), { receipt: { paid: 5_000 } });
    // A receipt whose answer was lost is sent again.
    await holds.finish("a", tokenOf(claimed), { receipt: { paid: 5_000 } });
    expect(await holds.claim("a")).toEqual({ outcome: "done", id: "a", ran: false, receipt: { paid: 5_000 } });
    expect(await holds.act("a", () => "again")).toMatchObject({ ran: false, receipt: { paid: 5_000 } });
  });

  it("finds its claim again by its token, and nobody else does", async () => {
    const first = await holds.claim("a", { token });
    expect(await others.claim("a", { token })).toEqual(first);
    expect(await codeOf(others.claim("a", { token: `${token}!`, ifActing: "refuse" }))).toBe("acting");
    for (const wrong of [others.renew("a", `${token}!`), others.finish("a", `${token}!`, { receipt: 1 })]) {
      expect(await codeOf(wrong)).toBe("claim-lost");
    }
    expect(await codeOf(holds.claim("a", { token: "short" }))).toBe("invalid-argument");
  });

  it("gives the claim up where nothing happened, and the next attempt has the same key", async () => {
    const first = await holds.claim("a");
    await holds.finish("a", tokenOf(first), { notApplied: "closed" });
    const second = await holds.claim("a");
    expect(second).toMatchObject({ attempt: 2, idempotencyKey: first.outcome === "claimed" && first.idempotencyKey });
    expect(await codeOf(holds.finish("a", tokenOf(first), { receipt: 1 }))).toBe("claim-lost");
  });

  it("says that nobody knows, and may know better later, until somebody has settled", async () => {
    const claimed = await holds.claim("a");
    await holds.finish("a", tokenOf(claimed), { problem: "the line broke" });
    expect(await holds.inspect("a")).toMatchObject({ state: "in-doubt", doubt: { problem: "the line broke" } });
    expect(await codeOf(holds.claim("a"))).toBe("in-doubt");
    await holds.finish("a", tokenOf(claimed), { receipt: "it went through" });
    expect(await holds.inspect("a")).toMatchObject({ state: "done", receipt: "it went through" });
    await holds.open("b", { ask });
    await holds.answer("b", { decision: "approve" });
    const other = await holds.claim("b");
    await holds.finish("b", tokenOf(other), { problem: "?" });
    await holds.settle("b", { applied: false });
    expect(await codeOf(holds.finish("b", tokenOf(other), { receipt: 1 }))).toBe("claim-lost");
  });

  it("that goes silent is found to be, and one that renews is not", async () => {
    const leaseMs = 600;
    const claimed = await holds.claim("a", { leaseMs, whenInDoubt: "again" });
    const taken = others.claim("a", { leaseMs, whenInDoubt: "again" });
    for (const until = performance.now() + 4 * leaseMs; performance.now() < until;) {
      // Rejects once somebody else has it.
      await holds.renew("a", tokenOf(claimed));
      await sleep(leaseMs / 10);
    }
    expect(await taken).toMatchObject({ outcome: "claimed", attempt: 2 });
    expect(await codeOf(holds.renew("a", tokenOf(claimed)))).toBe("claim-lost");
  });

  it("is refused what makes no sense", async () => {
    const claimed = await holds.claim("a");
    expect(await codeOf(holds.finish("a", tokenOf(claimed), { receipt: () => 1 }))).toBe("invalid-argument");
    expect(await codeOf(holds.finish("a", tokenOf(claimed), null as never))).toBe("invalid-argument");
    expect(await codeOf(holds.claim("none"))).toBe("not-found");
    expect(await codeOf(holds.renew("none", token))).toBe("not-found");
    await holds.open("waits", { ask });
    expect(await codeOf(holds.claim("waits"))).toBe("not-answered");
  });
});
