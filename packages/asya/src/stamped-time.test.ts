import { describe, expect, it } from "vitest";

import { a2aTaskHeader } from "./asya-headers.ts";
import type { Envelope } from "./envelope.ts";
import { openLedger, pauseEnvelope, resumeEnvelope } from "../test/ledger-fixture.ts";

/** A status as it arrives: a sidecar sets `updated_at` at each delivery, and both where there is no status. */
function at(created: string, updated: string, more: object = {}): Partial<Envelope> {
  return { status: { created_at: `2026-01-${created}Z`, updated_at: `2026-01-${updated}Z`, attempt: 1, ...more } };
}

const monday = "26T12:00:00";
const later = "26T12:00:07";
const friday = "30T09:30:00";

/** What becomes of a second delivery, while the first waits and after it was answered. */
async function outcomes(first: Partial<Envelope>, second: Partial<Envelope>): Promise<readonly string[]> {
  const { ledger } = await openLedger();
  await ledger.pause(pauseEnvelope(first));
  const waiting = await ledger.pause(pauseEnvelope(second));
  await ledger.resume(resumeEnvelope());
  const answered = await ledger.pause(pauseEnvelope(second));
  return [waiting.outcome, answered.outcome];
}

const known = ["already-paused", "stale"];

describe("a message that is delivered again days later", () => {
  it.each([
    ["without a status: a sidecar stamps a time at each delivery", at(monday, monday), at(friday, friday)],
    ["by a gateway, first within the second in which it was sent", at(monday, monday), at(monday, friday)],
    ["by a gateway, again within that second", at(monday, later), at(monday, monday)],
    ["by a gateway that gives it a deadline", at(monday, monday, { deadline_at: "x" }), at(monday, friday)],
  ])("is recognised %s", async (_what, first, second) => {
    expect(await outcomes(first, second)).toEqual(known);
  });
});

it("a task that another x-pause kept, without any time, is recognised by its message too", async () => {
  const { ledger, store } = await openLedger();
  const { id, route, headers, payload } = pauseEnvelope();
  const next = ["x-resume", ...route.next];
  const foreign = JSON.stringify({ id, route: { ...route, next }, headers, payload });
  await store.put("paused/task-1.json", new TextEncoder().encode(foreign));
  expect((await ledger.pause(pauseEnvelope(at(friday, friday)))).outcome).toBe("already-paused");
});

describe("another task with the id and the content of an earlier one", () => {
  const header = { headers: { [a2aTaskHeader]: "task-1" } };
  it.each([
    ["with a deadline", at(monday, monday, { deadline_at: "x" }), at(friday, friday, { deadline_at: "y" })],
    ["of an A2A gateway", { ...at(monday, monday), ...header }, { ...at(friday, friday), ...header }],
    ["that was some seconds on its way", at(monday, later), at(friday, friday)],
    ["after one that was", at(monday, monday), at(friday, "30T09:30:07")],
  ])("waits by itself: %s", async (_what, first, second) => {
    const { ledger } = await openLedger();
    await ledger.pause(pauseEnvelope(first));
    await ledger.resume(resumeEnvelope());
    expect((await ledger.pause(pauseEnvelope(second))).outcome).toBe("paused");
  });
});

it("two messages with one id and other content wait side by side where only stamped times tell them apart", async () => {
  const { ledger } = await openLedger();
  await ledger.pause(pauseEnvelope({ ...at(monday, monday), payload: { amount: 10 } }));
  const second = await ledger.pause(pauseEnvelope({ ...at(friday, friday), payload: { amount: 99 } }));
  expect(second).toMatchObject({
    outcome: "already-paused",
    keptAs: expect.stringContaining("task-1~displaced-") as unknown,
  });
  await ledger.pause(pauseEnvelope({ ...at("31T10:00:00", "31T10:00:00"), payload: { amount: 99 } }));
  const waiting = await Array.fromAsync(ledger.list({ state: "paused" }), ({ taskId }) => taskId);
  expect(waiting).toHaveLength(2);
});
