import { fileURLToPath } from "node:url";

import type { ActorCommand } from "@holdpoint/actors/mesh";
import { crewActor } from "@holdpoint/actors/mesh";
import { runTorture } from "@holdpoint/torture";
import type { TortureReport } from "@holdpoint/torture";
import { describe, expect, it } from "vitest";

import { storesUnderTest, temporaryDirectory } from "./every-store.ts";

const options = { tasks: 60, seed: "60", deliveriesPerKill: 60 } as const;
const timeoutMs = 180_000;

describe.each(storesUnderTest)("$name", (store) => {
  it.skipIf(store.address === undefined)(
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
