import { expect, it } from "vitest";

import type { ListedItem } from "./listed-item.ts";
import { listedTask } from "./listed-item.ts";
import { Listing } from "./listing.ts";

const task = (taskId: string, state: "paused" | "resumed"): ListedItem =>
  listedTask({ key: `paused/${taskId}.json`, taskId, state, sequence: 1, pausedAt: undefined, prompt: "?" });

it("tasks that have gone on take no room from what waits, however many nobody has pruned", () => {
  const listing = new Listing();
  for (let count = 0; count <= 200_000; count += 1) listing.set(task(`gone-${count}`, "resumed"));
  expect(listing.isCut).toBe(true);
  const waits = task("waits", "paused");
  listing.set(waits);
  expect([...listing.values()]).toContain(waits);
});
