import { beforeEach, describe, expect, it, vi } from "vitest";

import { openHolds, person } from "../../test/holds-fixture.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import { createHolds } from "./create-holds.ts";
import type { HoldRequest } from "./hold-ask.ts";
import type { HoldError } from "./hold-error.ts";
import type { Holds } from "./holds.ts";

const hourMs = 3_600_000;
const marginMs = 5_000;

let holds: Holds;
let store: CheckpointStore;
let takeRequests: () => readonly string[];
let elapse: (ms: number) => void;

beforeEach(async () => {
  ({ holds, store, takeRequests, elapse } = await openHolds());
});

const ask = { message: "Refund 5000?" };
const outcome = async (promise: Promise<unknown>): Promise<unknown> =>
  await promise.catch((error: HoldError) => error.code);

describe("a question whose time is over", () => {
  beforeEach(async () => {
    await holds.open("a", { ask, expiresInMs: hourMs });
    takeRequests();
  });

  it("is reported as expired, and reporting changes nothing", async () => {
    elapse(hourMs + marginMs);
    expect(await holds.inspect("a")).toMatchObject({ state: "expired", isDue: true, expiresAt: expect.any(Date) });
    expect(await Array.fromAsync(holds.list({ state: "expired" }))).toHaveLength(1);
    expect(await Array.fromAsync(holds.list({ state: "waiting" }))).toHaveLength(0);
    expect(await holds.wait("a")).toMatchObject({ state: "expired" });
    expect(await holds.open("a", { ask })).toMatchObject({ outcome: "found", state: "expired" });
    expect(await holds.expire({ dryRun: true })).toEqual({ examined: 1, expired: 1, answered: 0 });
    // An ask writes only where there is nothing.
    expect(takeRequests().filter((request) => request.startsWith("put"))).toEqual(["put holds/a.json"]);
    expect(await holds.inspect("a")).toMatchObject({ isDue: true, log: [{ did: "opened" }] });
  });

  it("still takes an answer until the margin for clocks is over", async () => {
    elapse(hourMs);
    expect(await holds.answer("a", { decision: "approve" })).toMatchObject({ state: "answered" });
    elapse(hourMs);
    expect(await holds.expire()).toEqual({ examined: 1, expired: 0, answered: 0 });
    expect(await holds.act("a", () => "paid")).toMatchObject({ outcome: "done" });
  });

  it("is applied to one hold alone, where that is asked for", async () => {
    await holds.open("b", { ask, expiresInMs: hourMs });
    elapse(2 * hourMs);
    expect(await holds.expire({ id: "b", dryRun: true })).toEqual({ examined: 1, expired: 1, answered: 0 });
    expect(await holds.expire({ id: "b" })).toEqual({ examined: 1, expired: 1, answered: 0 });
    expect(await holds.inspect("b")).toMatchObject({ state: "expired", isDue: false });
    expect(await holds.inspect("a")).toMatchObject({ state: "expired", isDue: true });
    expect(await holds.expire({ id: "b" })).toEqual({ examined: 1, expired: 0, answered: 0 });
    expect(await holds.expire({ id: "none" })).toEqual({ examined: 0, expired: 0, answered: 0 });
    await expect(holds.expire({ id: "" })).rejects.toMatchObject({ code: "invalid-argument" });
  });

  it.each([
    ["whoever answers", async () => await outcome(holds.answer("a", { decision: "approve" })), "expired"],
    ["whoever acts", async () => (await holds.act("a", vi.fn<() => void>())).outcome, "expired"],
    ["expire", async () => (await holds.expire()).expired, 1],
  ])("is ended by %s, once, and the log says by whose clock", async (_who, end, result) => {
    elapse(hourMs + marginMs);
    expect(await end()).toBe(result);
    await holds.expire();
    const details = await holds.inspect("a");
    expect(details).toMatchObject({ state: "expired", isDue: false });
    expect(details?.log.map(({ did }) => did)).toEqual(["opened", "expired"]);
    expect(details?.log[1]?.clock).toMatch(/:\d+$/u);
    expect(await outcome(holds.answer("a", { decision: "approve" }))).toBe("expired");
    expect(await holds.act("a", vi.fn<() => void>())).toMatchObject({ outcome: "expired" });
  });

  it("recognises an answer that was given in time, delivered again", async () => {
    await holds.answer("a", { decision: "approve" }, { by: "ada" });
    elapse(2 * hourMs);
    expect(await holds.answer("a", { decision: "approve" }, { by: "ada" })).toMatchObject({ outcome: "found" });
  });

  it("recognises a vote that was given in time before it looks at the time", async () => {
    await holds.open("b", { ask, expiresInMs: hourMs, approvals: 2 });
    await holds.answer("b", { decision: "approve" }, { by: person("ada") });
    elapse(2 * hourMs);
    expect(await holds.answer("b", { decision: "approve" }, { by: person("ada") })).toMatchObject({ outcome: "found" });
    expect(await outcome(holds.answer("b", { decision: "approve" }, { by: person("bob") }))).toBe("expired");
  });
});

describe("a clock that is an hour off", () => {
  const at = (offMs: number): Holds =>
    createHolds(store, { now: () => new Date(Date.parse("2026-01-31T12:00:00Z") + offMs) });

  it("applies an expiry an hour early, once, and says whose clock it was; nothing is lost and nothing runs", async () => {
    const [right, ahead] = [at(0), at(hourMs)];
    await right.open("a", { ask, expiresInMs: hourMs / 2 });
    expect(await ahead.expire()).toMatchObject({ expired: 1 });
    expect(await right.expire()).toMatchObject({ expired: 0 });
    await expect(right.answer("a", { decision: "approve" })).rejects.toMatchObject({
      code: "expired",
      at: "2026-01-31T13:00:00.000Z",
    });
    expect(await right.act("a", vi.fn<() => void>())).toMatchObject({ outcome: "expired" });
    const log = (await right.inspect("a"))?.log;
    expect(log).toMatchObject([{ did: "opened" }, { did: "expired", clock: expect.stringMatching(/:\d+$/u) }]);
  });

  it("takes an answer an hour late, and acts on it once", async () => {
    const [right, behind] = [at(0), at(-hourMs)];
    await right.open("a", { ask, expiresInMs: hourMs / 2 });
    const late = at(hourMs - 1_000);
    expect(await late.inspect("a")).toMatchObject({ state: "expired", isDue: true });
    expect(await behind.answer("a", { decision: "approve" })).toMatchObject({ outcome: "answered" });
    expect(await late.expire()).toMatchObject({ expired: 0, answered: 0 });
    expect(await late.act("a", () => "paid")).toMatchObject({ ran: true });
    expect(await behind.act("a", () => "must not run")).toMatchObject({ ran: false, receipt: "paid" });
  });
});

describe("a default", () => {
  it("that rejects counts once the time is over", async () => {
    await holds.open("a", { ask, expiresInMs: hourMs, onExpiry: { decision: "reject", comment: "nobody answered" } });
    elapse(hourMs + marginMs);
    const work = vi.fn<() => void>();
    expect(await holds.act("a", work)).toMatchObject({
      outcome: "rejected",
      answer: { decision: "reject", comment: "nobody answered", byExpiry: true },
    });
    expect(work).not.toHaveBeenCalled();
    expect(await outcome(holds.answer("a", { decision: "approve" }))).toBe("expired");
  });

  it("that approves must be allowed by its name", async () => {
    const approving: HoldRequest = { ask, expiresInMs: hourMs, onExpiry: { decision: "approve" } };
    expect(await outcome(holds.open("a", approving))).toBe("invalid-argument");
    expect(await outcome(holds.open("a", { ...approving, allowOnExpiry: "reject" }))).toBe("invalid-argument");
    await holds.open("a", { ...approving, allowOnExpiry: "approve" });
    elapse(hourMs + marginMs);
    expect(await holds.expire()).toEqual({ examined: 1, expired: 0, answered: 1 });
    expect(await holds.act("a", ({ answer }) => answer.byExpiry)).toMatchObject({ outcome: "done", receipt: true });
  });

  it("is applied once, whoever else does", async () => {
    await holds.open("a", { ask, expiresInMs: hourMs, onExpiry: { decision: "approve" }, allowOnExpiry: "approve" });
    elapse(hourMs + marginMs);
    let runs = 0;
    await Promise.allSettled([
      holds.expire(),
      holds.expire(),
      holds.act("a", () => (runs += 1)),
      holds.act("a", () => (runs += 1)),
      holds.answer("a", { decision: "reject" }),
    ]);
    expect(runs).toBe(1);
    expect((await holds.inspect("a"))?.log.filter(({ did }) => did === "expired")).toHaveLength(1);
  });
});

it.each<Omit<HoldRequest, "ask">>([
  { expiresInMs: 0 },
  { expiresInMs: -1 },
  { expiresInMs: Number.NaN },
  { expiresInMs: 1e300 },
  { expiresAt: new Date("2026-01-31T11:00:00Z") },
  { expiresAt: new Date(Number.NaN) },
  { expiresAt: new Date("2027-01-01T00:00:00Z"), expiresInMs: 1 },
  { onExpiry: { decision: "reject" } },
  { expiresInMs: 1_000, onExpiry: { decision: "perhaps" } },
])("refuses %o before anything is stored", async (expiry) => {
  expect(await outcome(holds.open("a", { ask, ...expiry }))).toBe("invalid-argument");
  expect(takeRequests()).toEqual([]);
});

it("says of a time that is over by which clock", async () => {
  const late = holds.open("a", { ask, expiresAt: new Date("2026-01-31T11:00:00Z") });
  await expect(late).rejects.toThrow(
    /2026-01-31T11:00:00.000Z is over already: it is 2026-01-31T12:.*by the clock of this/u,
  );
});
