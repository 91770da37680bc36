import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { startFaultProxy } from "@holdpoint/conformance";
import { openStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { createHolds, HoldError } from "@holdpoint/core/holds";
import type { Holds, HoldsOptions } from "@holdpoint/core/holds";
import { describe, expect, it, onTestFinished, vi } from "vitest";

import type { StoreUnderTest } from "./every-store.ts";
import { storesUnderTest, temporaryDirectory } from "./every-store.ts";
import type { RefundOrder } from "./refund-child.ts";
import { refund } from "./refund-program.ts";
import type { RefundOptions } from "./refund-program.ts";

const ask = { message: "Refund 5000?" };
const content = { amount: 5000 };
const hourMs = 3_600_000;

const employee = (subject: string): { readonly issuer: string; readonly subject: string } => {
  return { issuer: "https://login.example.com", subject };
};

/** What came of it, as a word. */
const outcome = async (promise: Promise<unknown>): Promise<unknown> =>
  await promise.then(
    (result) => (typeof result === "object" && result !== null && "outcome" in result ? result.outcome : result),
    (error: unknown) => (HoldError.is(error) ? error.code : Promise.reject(error)),
  );

describe.each(storesUnderTest)("$name", (store) => {
  describe.skipIf(store.isMissing)("with its real server", () => {
    const open: OpenStores = async (count) => {
      useEnvironment(store);
      const url = store.url();
      const opened = await Promise.all(Array.from({ length: count }, async () => await openStore(url)));
      onTestFinished(async () => void (await Promise.all(opened.map((each) => each.close()))));
      return { url, stores: opened };
    };
    describeHolds(open);

    // Members of a cluster tell clients their own addresses, so what is asked there does not pass the proxy.
    it.skipIf(store.name === "redis (cluster)")("asks, answers and acts once although answers are lost", async () => {
      const { address, protocol = "http" } = store;
      await using proxy = await startFaultProxy({ target: address, protocol });
      useEnvironment(store, proxy.address);
      await using behind = await openStore(store.url(proxy.address));
      const holds = createHolds(behind);
      // The first operations of a connection may bring what later ones need, such as a script's text.
      await expectLife(holds, "warm-up", () => {});
      await expectLife(holds, "cut", (requests) => {
        for (let request = 0; request < requests; request += 1) proxy.nextWrite("cut-after-commit");
      });
      expect(proxy.waiting).toBe(0);
      expect(proxy.injected["cut-after-commit"]).toBe(5);
      await proxy.clear();
    });
  });
});

describe("file", () => {
  const open: OpenStores = async (count) => {
    const directory = await temporaryDirectory();
    onTestFinished(() => directory[Symbol.asyncDispose]());
    const opened = await Promise.all(Array.from({ length: count }, async () => await openStore(directory.url)));
    onTestFinished(async () => void (await Promise.all(opened.map((each) => each.close()))));
    return { url: directory.url, stores: opened };
  };
  describeHolds(open);

  it("a program that is killed after any of its requests pays at most once under stop, and once under again", async () => {
    const { url, stores } = await open(1);
    await using directory = await temporaryDirectory();
    const [own] = stores as [CheckpointStore];
    const holds = createHolds(own);
    const dies = async (request: number): Promise<void> => {
      const refunds = (["stop", "again"] as const).map((whenInDoubt) => {
        return {
          id: `${whenInDoubt}-${request}`,
          whenInDoubt,
          books: join(directory.path, `${whenInDoubt}-${request}`),
        };
      });
      // Asked beforehand, and answered at once: from there on nothing waits for a person.
      for (const { id } of refunds) {
        await holds.open(id, { ask, content });
        await holds.answer(id, { decision: "approve" }, { by: "ada" });
      }
      expect(await run({ url, refunds, dieAt: String(request) })).toBe("SIGKILL");
      for (const options of refunds) {
        const code = await outcome(refund(own, options));
        if (code === "in-doubt") {
          const isPaid = (await paymentsIn(options.books)).length > 0;
          await holds.settle(options.id, isPaid ? { applied: true } : { applied: false });
        }
        const { asked, done } = await refund(own, options);
        expect([asked, done.outcome]).toEqual(["found", "done"]);
        const payments = await paymentsIn(options.books);
        expect(new Set(payments).size).toBe(1);
        if (options.whenInDoubt === "stop") expect(payments).toHaveLength(1);
      }
    };
    // Two for a question that is there already, one to wait, two to claim and one for the receipt.
    await Promise.all([1, 2, 3, 4, 5, 6].map(dies));
  });
});

/** Opens a store so often, each time as another machine would. */
type OpenStores = (count: number) => Promise<{ readonly url: string; readonly stores: readonly CheckpointStore[] }>;

/** What holds promise on any store that processes share. */
function describeHolds(open: OpenStores): void {
  const openHolds = async (count: number, options?: HoldsOptions): Promise<readonly [Holds, ...Holds[]]> => {
    const { stores } = await open(count);
    return stores.map((each) => createHolds(each, options)) as [Holds, ...Holds[]];
  };

  it("asks, answers, acts, prunes and forgets", async () => {
    const [holds, other] = (await openHolds(2)) as [Holds, Holds];
    expect(await outcome(holds.open("a", { ask, content, labels: { team: "billing" } }))).toBe("opened");
    const waited = other.wait("a", { waitMs: 60_000 });
    expect(await outcome(other.open("a", { ask, content }))).toBe("found");
    expect(await outcome(other.open("a", { ask, content: { amount: 1 } }))).toBe("different-hold");
    expect(await outcome(other.act("a", () => "must not run"))).toBe("not-answered");
    expect(await outcome(holds.answer("a", { decision: "approve" }, { by: "ada" }))).toBe("answered");
    expect(await waited).toMatchObject({ state: "answered", answer: { by: "ada" } });
    expect(await outcome(other.answer("a", { decision: "approve" }, { by: "ada" }))).toBe("found");
    await expect(other.answer("a", { decision: "reject" }, { by: "bob" })).rejects.toMatchObject({
      code: "already-answered",
      by: "ada",
      agrees: false,
    });
    expect(await holds.act("a", ({ content: given }) => given)).toMatchObject({ ran: true, receipt: content });
    expect(await other.act("a", () => "must not run")).toMatchObject({ ran: false, receipt: content });
    expect(await Array.fromAsync(other.list({ labels: { team: "billing" } }))).toMatchObject([
      { id: "a", state: "done" },
    ]);
    expect(await other.prune({ olderThanMs: 0 })).toMatchObject({ compacted: 1 });
    expect(await outcome(holds.open("a", { ask, content }))).toBe("found");
    expect(await holds.act("a", () => "must not run")).toMatchObject({ outcome: "done", omitted: "pruned" });
    expect(await holds.forget("a")).toBe(true);
    expect(await holds.forget("a")).toBe(false);
    expect(await outcome(other.open("a", { ask, content }))).toBe("opened");
  });

  it("cancels, rejects and expires once", async () => {
    let now = Date.now();
    const [holds, other] = (await openHolds(2, { now: () => new Date(now) })) as [Holds, Holds];
    await holds.open("canceled", { ask });
    await holds.open("rejected", { ask });
    await holds.open("expired", { ask, expiresInMs: hourMs });
    await holds.open("by default", { ask, expiresInMs: hourMs, onExpiry: { decision: "reject", comment: "too late" } });
    expect([await holds.cancel("canceled"), await other.cancel("canceled")]).toEqual([true, false]);
    expect(await outcome(other.answer("rejected", { decision: "reject" }, { by: "ada" }))).toBe("answered");
    now += 2 * hourMs;
    const counts = await Promise.all([holds.expire(), other.expire()]);
    expect(counts.reduce((sum, { expired }) => sum + expired, 0)).toBe(1);
    expect(counts.reduce((sum, { answered }) => sum + answered, 0)).toBe(1);
    const outcomes = ["canceled", "rejected", "expired", "by default"].map((id) =>
      outcome(holds.act(id, () => "must not run")),
    );
    expect(await Promise.all(outcomes)).toEqual(["canceled", "rejected", "expired", "rejected"]);
    const log = (await holds.inspect("by default"))?.log.map(({ did }) => did);
    expect(log).toEqual(["opened", "expired"]);
  });

  it("lets one of eight answers count, loses none of eight votes, and lets one of eight act", async () => {
    const everybody = await openHolds(8);
    const [holds] = everybody;
    await holds.open("answers", { ask });
    const answers = await Promise.all(
      everybody.map((each, index) =>
        outcome(each.answer("answers", { decision: index % 2 === 0 ? "approve" : "reject" }, { by: `p${index}` })),
      ),
    );
    expect(counted(answers)).toEqual({ answered: 1, "already-answered": 7 });

    await holds.open("votes", { ask, approvals: 8 });
    const votes = await Promise.all(
      everybody.map((each, index) =>
        outcome(each.answer("votes", { decision: "approve" }, { by: employee(`p${index}`) })),
      ),
    );
    expect(counted(votes)).toEqual({ answered: 1, voted: 7 });

    let effects = 0;
    const acts = await Promise.all(
      everybody.map((each) => each.act("votes", () => (effects += 1), { leaseMs: 2_000 })),
    );
    expect(effects).toBe(1);
    expect(acts.map((done) => done.outcome === "done" && done.receipt)).toEqual(Array.from({ length: 8 }, () => 1));
    expect(acts.filter((done) => done.outcome === "done" && done.ran)).toHaveLength(1);
  });

  it("pays at most once under stop and once under again, with the program killed where it asks, claims and pays", async () => {
    const { url, stores } = await open(1);
    await using directory = await temporaryDirectory();
    const [own] = stores as [CheckpointStore];
    const holds = createHolds(own);
    const stop: RefundOptions = { id: "stop", whenInDoubt: "stop", books: join(directory.path, "stop") };
    const again: RefundOptions = { id: "again", whenInDoubt: "again", books: join(directory.path, "again") };
    const killed = async (dieAt: string): Promise<void> => {
      expect(await run({ url, refunds: [stop, again], dieAt })).toBe("SIGKILL");
    };

    await killed("asked");
    for (const { id } of [stop, again]) {
      expect(await outcome(holds.answer(id, { decision: "approve" }, { by: "ada" }))).toBe("answered");
    }
    await killed("claimed");
    expect(await outcome(refund(own, stop))).toBe("in-doubt");
    expect(await outcome(refund(own, { ...stop, whenInDoubt: "again" }))).toBe("in-doubt");
    await holds.settle("stop", { applied: false }, { by: "ada" });
    await killed("paid");
    expect(await outcome(refund(own, stop))).toBe("in-doubt");
    expect(await paymentsIn(stop.books)).toHaveLength(1);
    await holds.settle("stop", { applied: true, receipt: "seen in the books" }, { by: "ada" });

    const receipts = { [stop.id]: "seen in the books", [again.id]: "paid at attempt 3" };
    for (const options of [stop, again]) {
      const { asked, done } = await refund(own, options);
      expect([asked, done]).toEqual([
        "found",
        expect.objectContaining({ outcome: "done", receipt: receipts[options.id] }),
      ]);
      const log = (await holds.inspect(options.id))?.log.map(({ did }) => did);
      expect(log?.filter((did) => did === "opened")).toHaveLength(1);
    }
    await holds.prune({ olderThanMs: 0 });
    for (const options of [stop, again]) {
      const { asked, done } = await refund(own, options);
      expect([asked, done]).toEqual([
        "found",
        expect.objectContaining({ outcome: "done", ran: false, omitted: "pruned" }),
      ]);
    }
    // Of a payee that honours the key, those under again are one.
    const paid = await paymentsIn(again.books);
    expect([await paymentsIn(stop.books), paid].map(({ length }) => length)).toEqual([1, 2]);
    expect(new Set(paid).size).toBe(1);
  });
}

/**
 * A hold from its question to its receipt, each step of which says that it was the first.
 *
 * @param before told before each step how many writes it takes
 */
async function expectLife(holds: Holds, id: string, before: (writes: number) => void): Promise<void> {
  before(1);
  expect(await outcome(holds.open(id, { ask, approvals: 2 }))).toBe("opened");
  before(1);
  expect(await outcome(holds.answer(id, { decision: "approve" }, { by: employee("ada") }))).toBe("voted");
  before(1);
  expect(await outcome(holds.answer(id, { decision: "approve" }, { by: employee("bob") }))).toBe("answered");
  before(2);
  let effects = 0;
  expect(await holds.act(id, () => (effects += 1))).toMatchObject({ outcome: "done", ran: true, receipt: 1 });
  expect(await holds.act(id, () => (effects += 1))).toMatchObject({ ran: false, receipt: 1 });
  expect(effects).toBe(1);
  const log = (await holds.inspect(id))?.log.map(({ did }) => did);
  expect(log).toEqual(["opened", "voted", "answered", "claimed", "finished"]);
}

/** How often each outcome is there. */
function counted(outcomes: readonly unknown[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const each of outcomes.map(String)) counts[each] = (counts[each] ?? 0) + 1;
  return counts;
}

/** Runs refunds in a process, and resolves to the signal that ended it. */
async function run(order: RefundOrder): Promise<string | null> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "refund-child.ts"), JSON.stringify(order)], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [, signal] = (await once(child, "exit")) as [number | null, string | null];
  return signal;
}

/** The keys of all payments, in their order. */
async function paymentsIn(books: string): Promise<readonly string[]> {
  const text = await readFile(books, "utf8").catch(() => "");
  return text.split("\n").slice(0, -1);
}

/** Sets what a store's URL needs, for this process and those that it starts, until the test ends. */
function useEnvironment({ environment }: StoreUnderTest, emulator?: string): void {
  for (const [name, value] of Object.entries(environment)) {
    vi.stubEnv(name, name === "STORAGE_EMULATOR_HOST" ? (emulator ?? value) : value);
  }
  onTestFinished(() => void vi.unstubAllEnvs());
}
