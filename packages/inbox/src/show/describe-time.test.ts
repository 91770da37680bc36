import { expect, it } from "vitest";

import { describeAge } from "./describe-time.ts";

const now = new Date("2026-11-29T12:00:00Z");

it.each([
  [0, "just now"],
  [-20_000, "just now"],
  [20_000, "in less than a minute"],
  [-90_000, "2 minutes ago"],
  // What was opened a moment ago and expires in an hour says so.
  [3_599_000, "in 1 hour"],
  [-86_400_000, "1 day ago"],
  [40 * 86_400_000, "in 1 month"],
])("a time %i ms away is %s", (awayMs, text) => {
  expect(describeAge(new Date(now.getTime() + awayMs), now)).toBe(text);
});
