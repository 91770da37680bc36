import { runTorture } from "@holdpoint/torture";
import type { TortureReport } from "@holdpoint/torture";
import { describe, expect, it } from "vitest";

import { startSentinelGroup } from "../packages/backend-redis/test/sentinel-group.ts";

const tasks = 30;

/** Runs tasks while the master dies again and again with what no replica has; `undefined` where there is no Redis. */
async function runBehindSentinel(durability: string): Promise<TortureReport | undefined> {
  await using group = await startSentinelGroup();
  if (group === undefined) return undefined;
  return await runTorture(`${group.url}&prefix=torture:${durability}`, {
    tasks,
    seed: "60",
    deliveriesPerKill: 60,
    restartServer: group.failOver,
    deliveriesPerRestart: 40,
  });
}

describe("a master that dies with what no replica has", { timeout: 400_000 }, () => {
  it("loses and doubles nothing with waitReplicas", async ({ skip }) => {
    const report = await runBehindSentinel("&waitReplicas=1");
    if (report === undefined) return skip("redis-server is not on this machine");
    expect(report.stories).toEqual([]);
    expect(report.counts).toMatchObject({ tasks, lost: 0, doubled: 0, askedAgain: 0 });
    expect(report.counts.serverRestarts).toBeGreaterThan(0);
    expect(report.counts.unknown).toBeGreaterThan(0);
  });

  it("is found to take tasks with it without", async ({ skip }) => {
    const report = await runBehindSentinel("");
    if (report === undefined) return skip("redis-server is not on this machine");
    expect(report.counts.serverRestarts).toBeGreaterThan(0);
    expect(report.counts.lost + report.counts.doubled).toBeGreaterThan(0);
  });
});
