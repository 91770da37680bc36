import { runConformance } from "@holdpoint/conformance/run";
import type { ConformanceOptions, ConformanceResult } from "@holdpoint/conformance/run";
import { createStore } from "@holdpoint/core/driver";
import { describe, test, vi } from "vitest";

import { createMemoryShelves } from "../memory-shelf.ts";
import { SharedMemoryDriver } from "../shared-memory-driver.ts";
import type { KnownBadStore } from "./known-bad-store.ts";
import { knownBadStores } from "./known-bad-stores.ts";

const maxBodyBytes = 140_000;

const small = {
  listedKeys: 130,
  processes: 4,
  raceRounds: 8,
  ttlMs: 200,
  expiryGraceMs: 300,
};

async function runOn(open: KnownBadStore["open"], more: ConformanceOptions = {}): Promise<ConformanceResult[]> {
  const shelf = createMemoryShelves(maxBodyBytes);
  return await runConformance(
    {
      open: async (namespace, storeOptions = {}) => open(await shelf(namespace), storeOptions),
      corrupt: async (namespace, key) => {
        (await shelf(namespace)).damaged.add(key);
      },
      secrets: ["correct-horse"],
    },
    { ...small, ...more },
  );
}

// Some of the time is spent on waiting for values to expire; more than that, and they would expire while others work.
vi.setConfig({ maxConcurrency: 2 });

describe.concurrent("the suite", () => {
  test("passes a store that is right", async ({ expect }) => {
    const results = await runOn((shelf, options) => createStore(new SharedMemoryDriver(shelf), options));
    expect(results.filter(({ outcome }) => outcome !== "passed")).toEqual([]);
  });

  for (const { name, foundBy, alsoFails = [], mayFail = [], options, open } of knownBadStores) {
    test(`finds out a store that ${name}`, async ({ expect }) => {
      const results = await runOn(open, options);
      const failed = results.filter(({ outcome }) => outcome === "failed").map(({ id }) => id as string);
      const certain = new Set([foundBy, ...alsoFails]);
      expect(failed).toContain(foundBy);
      expect(failed.filter((id) => !mayFail.includes(id)).toSorted()).toEqual([...certain].toSorted());
    });
  }
});
