import type { HoldDetails } from "@holdpoint/core/holds";
import { describe, expect, it } from "vitest";

import { planHold } from "./hold-plan.ts";
import { HoldRecord } from "./hold-record.ts";
import { createRandom } from "../random.ts";

const plan = { ...planHold("a", 1_000, createRandom("1")), whenInDoubt: "stop" } as const;
const payment = { id: "a", key: "key", attempt: 1 };

function stored(details: object): HoldDetails {
  return {
    state: "done",
    receipt: "attempt 1",
    votes: [],
    answer: { by: "ada", decision: "approve" },
    ...details,
  } as never;
}

function record(): HoldRecord {
  const noted = new HoldRecord(plan);
  noted.program({ asked: "opened" });
  noted.answer("ada", "approve", "answered");
  noted.program({ asked: "found", outcome: "done", ran: true, receipt: "attempt 1" });
  return noted;
}

describe("HoldRecord", () => {
  it("finds nothing wrong with a hold that was asked, answered and paid once", () => {
    expect(record().judge(stored({}), [payment])).toEqual({ lost: [], doubled: [], otherKeys: 0 });
  });

  it.each([
    { what: "it has not ended", details: { state: "in-doubt" }, payments: [payment] },
    { what: "nothing was paid", details: {}, payments: [] },
    { what: "ada was told that approve counts", details: { answer: undefined }, payments: [payment] },
    { what: "it was done: attempt 1, and is done: attempt 2", details: { receipt: "attempt 2" }, payments: [payment] },
  ])("counts a hold as lost of which $what", ({ what, details, payments }) => {
    expect(record().judge(stored(details), payments).lost.join()).toContain(what);
  });

  it("counts a second payment under stop, and none under again but one under another key", () => {
    const twice = [payment, { ...payment, attempt: 2 }];
    expect(record().judge(stored({}), twice).doubled).toEqual(["it was paid 2 times"]);
    const again = new HoldRecord({ ...plan, whenInDoubt: "again" });
    expect(again.judge(stored({}), twice)).toMatchObject({ doubled: [], otherKeys: 0 });
    expect(again.judge(stored({}), [payment, { ...payment, key: "other" }])).toMatchObject({ otherKeys: 1 });
  });

  it("counts what was paid and not approved, and what was asked, decided or ended twice", () => {
    const noted = record();
    noted.program({ asked: "opened", outcome: "rejected" });
    noted.answer("bob", "reject", "answered");
    const { doubled } = noted.judge(stored({ state: "rejected" }), [payment]);
    expect(doubled).toEqual([
      "its programs were told of several ends: done: attempt 1, rejected",
      "it was asked 2 times",
      "it was decided by ada and by bob",
      "it is rejected, and something was paid",
    ]);
  });
});
