import { fileURLToPath } from "node:url";

import type { ActorCommand } from "@holdpoint/actors/mesh";
import { crewActor } from "@holdpoint/actors/mesh";
import { runTorture } from "@holdpoint/torture";
import type { TortureReport } from "@holdpoint/torture";
import { describe, expect, it } from "vitest";

import { storeUrls } from "../tooling/servers/src/store-urls.ts";
import { runCommand } from "../tooling/torture/test/run-command.ts";

import { storesUnderTest, temporaryDirectory } from "./every-store.ts";
import { startRestartableServer } from "./restartable-server.ts";

const options = { tasks: 60, seed: "60", deliveriesPerKill: 60 } as const;
const timeoutMs = 180_000;
// A connection that is left open keeps a process for the rest of its time-out, or for ever.
const promptMs = 4000;

describe.each(storesUnderTest)("$name", (store) => {
  it.skipIf(store.isMissing)(
    "ends as soon as the command is done",
    async () => {
      const command = runCommand(["--store", store.url(), "--tasks", "8"], store.environment);
      await command.printed("lost 0, doubled 0");
      const printedAt = performance.now();
      await expect(command.exited).resolves.toBe(0);
      expect(performance.now() - printedAt).toBeLessThan(promptMs);
    },
    timeoutMs,
  );

  it.skipIf(store.isMissing)(
    "loses and doubles nothing while connections break and processes are killed",
    async () => {
      const report = await runTorture(store.url(), { ...options, environment: store.environment });
      expectNothingLost(report);
      expect(sum(report.faults)).toBeGreaterThan(0);
    },
    timeoutMs,
  );
});

describe("file", () => {
  it(
    "loses and doubles nothing while processes are killed",
    async () => {
      await using directory = await temporaryDirectory();
      expectNothingLost(await runTorture(directory.url, options));
    },
    timeoutMs,
  );
});

describe("a server that is killed and started again with what it has on disk", () => {
  it.for(["redis", "redis-cluster", "nats", "minio", "postgres"] as const)(
    "%s: loses and doubles nothing",
    { timeout: timeoutMs },
    async (name, { skip }) => {
      await using server = await startRestartableServer(name);
      if (server === undefined) return skip("its program is not on this machine");
      const [store] = storeUrls(name, server.address);
      const report = await runTorture(store?.url ?? "", {
        ...options,
        environment: store?.environment,
        restartServer: server.restart,
        deliveriesPerRestart: 80,
      });
      expectNothingLost(report);
      expect(report.counts.serverRestarts).toBeGreaterThan(1);
    },
  );
});

describe("actors that do it wrong", () => {
  it.each([
    { fault: "double what they do not claim", file: "claimless-resume-main.ts", deliveriesPerKill: 0 },
    { fault: "lose what they delete before they answer", file: "deleting-resume-main.ts", deliveriesPerKill: 20 },
  ])(
    "are found to $fault",
    async ({ file, deliveriesPerKill }) => {
      await using directory = await temporaryDirectory();
      const actors = { "x-pause": crewActor("x-pause", {}), "x-resume": badActor(file) };
      const { counts, stories } = await runTorture(directory.url, { ...options, tasks: 30, deliveriesPerKill, actors });
      if (deliveriesPerKill === 0) expect(counts.doubled).toBeGreaterThan(0);
      else expect(counts.lost).toBeGreaterThan(0);
      expect(stories[0]).toContain("goes on from pause point 0");
    },
    timeoutMs,
  );
});

function badActor(file: string): ActorCommand {
  const script = new URL(`../tooling/torture/test/${file}`, import.meta.url);
  return { command: process.execPath, args: [fileURLToPath(script)] };
}

function expectNothingLost({ counts, stories, crashReports }: TortureReport): void {
  // First, so that a failure shows what happened.
  expect(stories).toEqual([]);
  expect(crashReports).toEqual([]);
  expect(counts).toMatchObject({ tasks: options.tasks, lost: 0, doubled: 0, askedAgain: 0 });
  expect(counts.pausePoints).toBeGreaterThan(options.tasks);
  expect(counts.kills).toBeGreaterThan(0);
  expect(counts.redeliveries).toBeGreaterThan(options.tasks);
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}
