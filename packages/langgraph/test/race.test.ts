import { fork } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { temporaryDirectory } from "../../../test/every-store.ts";
import { HoldpointSaver } from "../src/holdpoint-saver.ts";
import type { RaceOrder, RaceReport } from "./race-worker.ts";
import { isWhole, shareableStores } from "./stores-of-tests.ts";

const rounds = isWhole ? 200 : 12;
const longestDelayMs = 25;

describe.each(shareableStores("file", "redis", "s3"))("on $name", (store) => {
  it.skipIf(store.isMissing)(
    `two processes answer one question differently, ${rounds} times: each node acts once, and the second is told`,
    { timeout: 1_200_000 },
    async () => {
      await using place = await store.place();
      await using directory = await temporaryDirectory();
      const effectsFile = join(directory.path, "effects");
      await using one = await startWorker(place.url, effectsFile);
      await using two = await startWorker(place.url, effectsFile);
      const winners: string[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const threadId = `thread-${round}`;
        expect((await one.order({ threadId, delayMs: 0 })).outcome).toBe("asks");
        // From one that both read at once to one that comes when the other has ended.
        const delaysMs = [0, (round % 3) * Math.random() * longestDelayMs];
        if (round % 2 === 1) delaysMs.reverse();
        const reports = await Promise.all([
          one.order({ threadId, answer: "yes", delayMs: delaysMs[0] ?? 0 }),
          two.order({ threadId, answer: "no", delayMs: delaysMs[1] ?? 0 }),
        ]);
        expect(reports.map(({ outcome }) => outcome).toSorted()).toEqual(["conflict", "done"]);
        const winner = reports[0].outcome === "done" ? "yes" : "no";
        winners.push(winner);
        const effects = (await readFile(effectsFile, "utf8"))
          .split("\n")
          .filter((line) => line.startsWith(`${threadId} `));
        expect(effects).toEqual([`${threadId} pay ${winner}`, `${threadId} notify ${winner}`]);
        const history = await Array.fromAsync(
          new HoldpointSaver(place.store).list({ configurable: { thread_id: threadId } }),
        );
        expect(history.map(({ metadata }) => metadata?.step)).toEqual([3, 2, 1, 0, -1]);
      }
      // Otherwise it was no race.
      expect(new Set(winners)).toEqual(new Set(["yes", "no"]));
    },
  );
});

interface RaceWorker extends AsyncDisposable {
  readonly order: (order: RaceOrder) => Promise<RaceReport>;
}

async function startWorker(url: string, effectsFile: string): Promise<RaceWorker> {
  const child = fork(new URL("./race-worker.ts", import.meta.url), [url, effectsFile]);
  const ended = once(child, "exit");
  const message = async (): Promise<unknown> => {
    const died = ended.then(([code]) => Promise.reject(new Error(`the worker ended with ${String(code)}`)));
    const [received] = (await Promise.race([once(child, "message"), died])) as [unknown];
    return received;
  };
  await message();
  return {
    order: async (order) => {
      const report = message();
      child.send(order);
      return (await report) as RaceReport;
    },
    [Symbol.asyncDispose]: async () => {
      child.disconnect();
      await ended;
    },
  };
}
