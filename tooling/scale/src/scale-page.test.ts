import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { fastestSeconds, requestCost, storageCost, waitingSeconds } from "./estimates.ts";
import { formatMoney, formatSize, formatTime } from "./format-quantity.ts";
import { gcs, s3 } from "./published.ts";
import { scalePage } from "./scale-page.ts";

it("docs/scale.md is what pnpm scale --page writes", async () => {
  const page = await readFile(join(import.meta.dirname, "../../../docs/scale.md"), "utf8");
  expect(page).toBe(await scalePage());
});

describe("the arithmetic", () => {
  it("takes a read for each task of a listing, and a page for each thousand", () => {
    // A million GET at $0.0004 for a thousand, and a thousand LIST at $0.005.
    expect(requestCost(s3, "list", 1e6)).toBeCloseTo(0.4 + 0.005, 10);
    // Deletions are free.
    expect(requestCost(gcs, "prune", 1e6)).toBe(requestCost(gcs, "list", 1e6));
    expect(requestCost(s3, "copyTo", 1e6)).toBeCloseTo(0.4 + 5 + 0.005, 10);
  });

  it("bills storage by 2^30 bytes", () => {
    expect(storageCost(s3, 100 * 2 ** 30)).toBeCloseTo(2.3, 10);
  });

  it("lets 16 requests of 30 ms wait at a time", () => {
    expect(waitingSeconds("list", 1e6)).toBeCloseTo(1e6 * (0.03 / 16), 6);
    expect(waitingSeconds("copyFrom", 1e6)).toBeCloseTo(3 * waitingSeconds("list", 1e6), 6);
    expect(fastestSeconds(s3, "list", 5_500)).toBeCloseTo(1, 10);
    expect(fastestSeconds(gcs, "prune", 1_000)).toBeCloseTo(1, 10);
  });

  it.each(["list", "prune", "copyFrom", "copyTo"] as const)("of a %s stays below the published rates", (operation) => {
    for (const store of [s3, gcs]) {
      expect(waitingSeconds(operation, 1e6)).toBeGreaterThan(fastestSeconds(store, operation, 1e6));
    }
  });
});

it("rounds to two digits, in the unit that people use", () => {
  expect([999, 1_487, 2.2e9, 1.5e11, 4e12].map(formatSize)).toEqual([
    "1000 B",
    "1.5 KiB",
    "2 GiB",
    "140 GiB",
    "3.6 TiB",
  ]);
  expect([4.25, 1_875, 20_000, 187_500, 1e6].map(formatTime)).toEqual(["4.3 s", "31 min", "5.6 h", "52 h", "12 days"]);
  expect([0.405, 17.4, 6_400, 64_000].map(formatMoney)).toEqual(["$0.41", "$17", "$6400", "$64 000"]);
});
