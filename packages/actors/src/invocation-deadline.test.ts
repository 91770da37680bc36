import { describe, expect, it } from "vitest";

import type { ActorMessage } from "./actor-message.ts";
import { invocationBudgetMs } from "./invocation-deadline.ts";

const now = Date.parse("2026-01-31T12:00:00Z");

function message(headers: object, status: object): ActorMessage {
  return {
    id: "t",
    route: { prev: [], curr: "a", next: [] },
    headers: { ...headers },
    status: { ...status },
    payload: {},
  };
}

describe("invocationBudgetMs", () => {
  it("ends a little before the actor's timeout", () => {
    expect(invocationBudgetMs(message({}, {}), 300_000, now)).toBe(299_000);
    expect(invocationBudgetMs(message({}, {}), 1000, now)).toBe(900);
  });

  it.each([
    ["the status", {}, { deadline_at: "2026-01-31T12:00:20Z" }],
    ["the header", { "x-asya-deadline-at": "2026-01-31T12:00:20.000000Z" }, {}],
    [
      "the earlier one",
      { "x-asya-deadline-at": "2026-01-31T12:00:20.000000Z" },
      { deadline_at: "2026-01-31T13:00:00Z" },
    ],
  ])("keeps to the deadline of %s", (_which, headers, status) => {
    expect(invocationBudgetMs(message(headers, status), 300_000, now)).toBe(19_000);
  });

  it("ignores a deadline that has passed, which a stored header may carry for days, and one that is no time", () => {
    const headers = { "x-asya-deadline-at": "2026-01-28T12:00:00.000000Z" };
    expect(invocationBudgetMs(message(headers, { deadline_at: "soon" }), 300_000, now)).toBe(299_000);
  });

  it("never asks for a longer timer than there is", () => {
    expect(invocationBudgetMs(message({}, {}), 1e12, now)).toBe(2 ** 31 - 1);
  });
});
