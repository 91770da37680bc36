import { randomUUID } from "node:crypto";

import { openStore } from "@holdpoint/core";
import type { RunnableConfig } from "@langchain/core/runnables";
import { emptyCheckpoint, uuid6 } from "@langchain/langgraph-checkpoint";

import { HoldpointSaver } from "../../src/holdpoint-saver.ts";

const steps = 8;
const runs = 15;
const metadata = { source: "loop", step: 0, parents: {} } as const;

/**
 * Prints from which size on a value that does not change is better stored apart: the time of a thread that is read and
 * goes on for some steps, with the value apart, to the same with the value in every checkpoint.
 */
export async function printLargeValues(urls: Readonly<Record<string, string>>): Promise<void> {
  const names = Object.keys(urls);
  console.log(
    `\n| a value that changes every ${steps} steps | ${names.join(" | ")} |\n| ---: |${" ---: |".repeat(names.length)}`,
  );
  for (const kib of [1, 4, 16, 64, 256]) {
    const ratios: string[] = [];
    for (const url of Object.values(urls)) {
      await using store = await openStore(url);
      const [apart, inside]: [number[], number[]] = [[], []];
      // By turns, so that whatever else the machine does is done to both.
      for (let run = 0; run < runs; run += 1) {
        for (const [largeValueBytes, times] of [
          [0, apart],
          [Number.MAX_SAFE_INTEGER, inside],
        ] as const) {
          const saver = new HoldpointSaver(store, { largeValueBytes, prefix: `${randomUUID()}/` });
          const start = performance.now();
          await runThread(saver, kib * 1024);
          times.push(performance.now() - start);
        }
      }
      ratios.push((middleOf(apart) / middleOf(inside)).toFixed(2));
    }
    console.log(`| ${kib} KiB, apart to inside | ${ratios.join(" | ")} |`);
  }
}

function middleOf(times: readonly number[]): number {
  return times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? Number.NaN;
}

async function runThread(saver: HoldpointSaver, sizeBytes: number): Promise<void> {
  const thread: RunnableConfig = { configurable: { thread_id: "thread-1", checkpoint_ns: "" } };
  const large = "x".repeat(sizeBytes);
  let config = thread;
  for (let step = 0; step < steps; step += 1) {
    // As a run that goes on once with each message of a person.
    await saver.getTuple(thread);
    const checkpoint = {
      ...emptyCheckpoint(),
      id: uuid6(1),
      channel_values: { large, step },
      channel_versions: { large: 1, step: step + 1 },
    };
    config = await saver.put(config, checkpoint, metadata, step === 0 ? { large: 1, step: 1 } : { step: step + 1 });
  }
}
