import { runHoldTorture } from "@holdpoint/torture";
import type { HoldTortureReport } from "@holdpoint/torture";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { storeUrls } from "../tooling/servers/src/store-urls.ts";
import { storesUnderTest, temporaryDirectory } from "./every-store.ts";
import { startRestartableServer } from "./restartable-server.ts";

const options = {
  holds: 32,
  concurrency: 32,
  seed: "3",
  leaseMs: 500,
  ordersPerKill: 60,
  programsPerStop: 20,
} as const;
const timeoutMs = 180_000;

beforeAll(() => {
  // Credentials are looked up by the SDK of AWS itself.
  for (const { environment } of storesUnderTest) {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  }
});
afterAll(() => void vi.unstubAllEnvs());

describe.each(storesUnderTest)("$name", (store) => {
  it.skipIf(store.isMissing)(
    "loses no hold and has no effect twice while connections break, and workers are killed and stopped",
    async () => {
      const report = await runHoldTorture(store.url(), { ...options, environment: store.environment });
      expectWhole(report);
      expect(report.faults.size).toBeGreaterThan(0);
    },
    timeoutMs,
  );
});

describe("file", () => {
  it(
    "loses no hold and has no effect twice while workers are killed and stopped",
    async () => {
      await using directory = await temporaryDirectory();
      expectWhole(await runHoldTorture(directory.url, options));
    },
    timeoutMs,
  );
});

describe("a server that is killed and started again with what it has on disk", () => {
  it.for(["redis", "postgres"] as const)(
    "%s: loses no hold and has no effect twice",
    { timeout: timeoutMs },
    async (name, { skip }) => {
      await using server = await startRestartableServer(name);
      if (server === undefined) return skip("its program is not on this machine");
      const [store] = storeUrls(name, server.address);
      const report = await runHoldTorture(store?.url ?? "", {
        ...options,
        environment: store?.environment,
        restartServer: server.restart,
        ordersPerRestart: 60,
      });
      expectWhole(report);
      expect(report.counts.serverRestarts).toBeGreaterThan(0);
    },
  );
});

describe("workers that do it wrong", () => {
  // Nobody dies: it is enough that some wake up late.
  const calm = { ...options, ordersPerKill: 0 };
  it.each([
    { fault: "have their effect twice where they claim too late", file: "claimless-act-main.ts", programsPerStop: 20 },
    {
      fault: "have their effect twice where they judge a lease by a clock",
      file: "clock-lease-main.ts",
      programsPerStop: 20,
    },
    {
      fault: "overwrite what was decided where they write a receipt blindly",
      file: "blind-receipt-main.ts",
      programsPerStop: 4,
    },
  ])(
    "are found to $fault",
    async ({ file, programsPerStop }) => {
      const worker = new URL(`../tooling/torture/test/${file}`, import.meta.url);
      const stories: string[] = [];
      // Who wakes up after what was decided is a matter of timing, so one short run may not be enough.
      for (let run = 1; stories.length === 0 && run <= 6; run += 1) {
        await using directory = await temporaryDirectory();
        const report = await runHoldTorture(directory.url, { ...calm, programsPerStop, seed: String(run), worker });
        stories.push(...report.stories);
      }
      expect(stories[0]).toContain("payee: attempt 1");
    },
    timeoutMs,
  );
});

function expectWhole({ counts, stories, crashReports }: HoldTortureReport): void {
  // First, so that a failure shows what happened.
  expect(stories).toEqual([]);
  expect(crashReports).toEqual([]);
  expect(counts).toMatchObject({ holds: options.holds, lost: 0, doubled: 0, otherKeys: 0 });
  expect(counts.kills).toBeGreaterThan(0);
  expect(counts.stops).toBeGreaterThan(0);
  expect(counts.ends.get("done")).toBeGreaterThan(0);
}
