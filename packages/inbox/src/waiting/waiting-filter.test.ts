import { describe, expect, it } from "vitest";

import type { ListedItem } from "../listing/listed-item.ts";
import { applyFilter, readFilter } from "./waiting-filter.ts";

const now = new Date("2026-11-29T12:00:00Z");

function item(id: string, more: Partial<ListedItem> = {}): ListedItem {
  const openedAt = new Date(now.getTime() - 60_000);
  return {
    kind: "hold",
    id,
    state: "waiting",
    question: `Question ${id}?`,
    askedBy: "agent",
    askedVia: undefined,
    goesTo: [],
    openedAt,
    since: openedAt,
    expiresAt: undefined,
    labels: {},
    answers: [],
    ...more,
  };
}

const found = (items: readonly ListedItem[], query: string): readonly string[] =>
  applyFilter(items, readFilter(new URLSearchParams(query)), now).map(({ id }) => id);

describe("the list", () => {
  it("has what waits, oldest first, and what has no time before all", () => {
    const old = new Date("2026-11-01T00:00:00Z");
    const items = [
      item("new"),
      item("done", { state: "done" }),
      item("old", { openedAt: old }),
      item("unknown", { openedAt: undefined, since: undefined }),
    ];
    expect(found(items, "")).toEqual(["unknown", "old", "new"]);
    expect(found(items, "state=any")).toHaveLength(4);
    expect(found(items, "state=ended")).toEqual(["done"]);
    expect(found(items, "age=86400000")).toEqual(["unknown", "old"]);
  });

  it("is narrowed by words in any order, and by a label", () => {
    const items = [
      item("a", { question: "Refund Ada?", labels: { team: "billing" } }),
      item("b", { question: "Deploy?", askedBy: { issuer: "https://login.example.com", subject: "release-bot" } }),
    ];
    expect(found(items, "text=ADA+refund")).toEqual(["a"]);
    expect(found(items, "text=release")).toEqual(["b"]);
    expect(found(items, "text=billing")).toEqual(["a"]);
    expect(found(items, "label=team%3Dbilling")).toEqual(["a"]);
    expect(found(items, "label=team")).toEqual([]);
  });

  it("takes an address that asks for nothing it knows as if it asked for nothing", () => {
    expect(readFilter(new URLSearchParams("state=toString&age=-5&page=1e999"))).toEqual({
      text: "",
      state: "waiting",
      olderThanMs: 0,
      label: "",
      page: 1,
    });
  });
});
