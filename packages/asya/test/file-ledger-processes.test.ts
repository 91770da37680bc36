import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openStore } from "@holdpoint/core";
import { afterEach, beforeEach, expect, it } from "vitest";

import { createPauseLedger } from "../src/create-pause-ledger.ts";
import type { WorkerOrder, WorkerReport } from "./ledger-worker.ts";
import { raceForTask } from "./race-for-task.ts";
import type { LedgerWorker } from "./start-worker.ts";
import { startWorker } from "./start-worker.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "hp-ledger-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

it("lets one of eight processes claim a paused task, in each of 200 rounds", async () => {
  const workers = await Promise.all(Array.from({ length: 8 }, () => startWorker(directory)));
  try {
    for (let round = 0; round < 200; round += 1) {
      const outcomes = await raceForTask(workers, `task-${round}`);
      expect({ round, outcomes }).toEqual({ round, outcomes: { resumed: 1, "already-resumed": 7 } });
    }
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
});

it("loses no task and resumes none twice in 500 cycles, while the process is killed at random instants", async () => {
  const cycles = 500;
  const reader = readPlainFiles(join(directory, "paused"));
  const messages = new Map<string, Set<string>>();
  let worker = await startWorker(directory);
  let deliveries = 0;
  let kills = 0;

  /** Delivers until there is an answer, as a queue does; every 37th time, the process dies meanwhile. */
  const deliver = async (order: WorkerOrder): Promise<WorkerReport> => {
    for (;;) {
      const report = worker.order(order);
      deliveries += 1;
      // Four deliveries make a cycle, and 37 is odd, so each of them has its turn.
      if (deliveries % 37 === 0) await killSoon(worker);
      const answer = await report;
      if (answer !== undefined) return answer;
      kills += 1;
      worker = await startWorker(directory);
    }
  };
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const taskId = `task-${cycle}`;
    const paused = await deliver({ step: "pause", taskId, answerId: "" });
    expect(["paused", "already-paused"]).toContain(paused.outcome);
    const resumed = await deliver({ step: "resume", taskId, answerId: "first" });
    expect(["resumed", "replayed"]).toContain(resumed.outcome);
    const other = await deliver({ step: "resume", taskId, answerId: "second" });
    expect(other.outcome).toBe("already-resumed");
    const again = await deliver({ step: "resume", taskId, answerId: "first" });
    messages.set(taskId, new Set([resumed.message ?? "", again.message ?? ""]));
  }
  await worker.stop();

  expect(kills).toBeGreaterThan(50);
  expect([...messages.values()].every((distinct) => distinct.size === 1)).toBe(true);
  expect(await reader.stop()).toBeGreaterThan(0);
  const states: string[] = [];
  await using store = await openStore(directory);
  for await (const { state } of createPauseLedger(store).list()) states.push(state);
  expect(states).toEqual(Array.from({ length: cycles }, () => "resumed"));
});

async function killSoon(worker: LedgerWorker): Promise<void> {
  const delayMs = Math.random() * 4;
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  worker.process.kill("SIGKILL");
}

/** Reads every file again and again as a program would that knows nothing of us; a half document would not parse. */
function readPlainFiles(folder: string): { stop(): Promise<number> } {
  const stopping = new AbortController();
  let reads = 0;
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      // The newest are those that may be in the middle of something.
      const names = await readdir(folder).catch(() => []);
      for (const name of names.slice(-20)) {
        const text = await readFile(join(folder, name), "utf8").catch(() => undefined);
        if (text === undefined) continue;
        JSON.parse(text);
        reads += 1;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await loop;
      return reads;
    },
  };
}
