import { describe, expect, it } from "vitest";

import { expiresSoon, nextNotice } from "./next-notice.ts";
import type { NoticeKind, NoticeSubject } from "./notice-target.ts";

const now = new Date("2026-12-01T12:00:00Z");
const hourMs = 3_600_000;
const soon = { now, remindBeforeMs: hourMs };
const at = (hours: number): Date => new Date(now.getTime() + hours * hourMs);

function subject(more: Partial<NoticeSubject>): NoticeSubject {
  return {
    kind: "hold",
    id: "a",
    isWaiting: true,
    message: "Refund?",
    askedBy: undefined,
    askedVia: undefined,
    openedAt: at(-10),
    expiresAt: undefined,
    labels: {},
    outcome: undefined,
    decidedBy: undefined,
    decidedVia: undefined,
    ...more,
  };
}

const waiting = subject({});
const ending = subject({ expiresAt: at(0.5) });
const ended = subject({ isWaiting: false, outcome: "Approved" });

it.each<[string, NoticeSubject, readonly NoticeKind[], readonly NoticeKind[] | undefined, NoticeKind | undefined]>([
  ["a new question", waiting, [], undefined, "opened"],
  ["one that was told", waiting, ["opened"], undefined, undefined],
  ["one that expires soon", ending, ["opened"], undefined, "expiring"],
  ["one that expires soon and is new", ending, [], undefined, "opened"],
  ["one that was told of twice", ending, ["opened", "expiring"], undefined, undefined],
  ["its end", ended, ["opened"], undefined, "decided"],
  ["the end of one that nobody was told of", ended, [], undefined, undefined],
  ["its end, where nothing else is wanted", ended, [], ["decided"], "decided"],
  ["its end, where that is not wanted", ended, ["opened"], ["opened"], undefined],
  ["a new question, where its end alone is wanted", waiting, [], ["decided"], undefined],
  ["one that expires soon, where that alone is wanted", ending, [], ["expiring"], "expiring"],
])("of %s is told what is due", (_what, about, told, wanted, expected) => {
  expect(nextNotice(about, told, wanted, soon)).toBe(expected);
});

describe("expiresSoon", () => {
  it("is so in the last hour, and for a short question in its last quarter", () => {
    expect(expiresSoon({ openedAt: at(-10), expiresAt: at(1.1) }, soon)).toBe(false);
    expect(expiresSoon({ openedAt: at(-10), expiresAt: at(1) }, soon)).toBe(true);
    expect(expiresSoon({ openedAt: at(-0.5), expiresAt: at(0.5) }, soon)).toBe(false);
    expect(expiresSoon({ openedAt: at(-0.75), expiresAt: at(0.25) }, soon)).toBe(true);
  });

  it("is never so for what does not expire, and for what has", () => {
    expect(expiresSoon({ openedAt: at(-10), expiresAt: undefined }, soon)).toBe(false);
    expect(expiresSoon({ openedAt: at(-10), expiresAt: at(0) }, soon)).toBe(false);
    expect(expiresSoon({ openedAt: undefined, expiresAt: at(1) }, soon)).toBe(true);
  });
});
