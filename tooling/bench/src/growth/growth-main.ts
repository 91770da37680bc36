/** Works on a store with many documents in a process of its own, and prints what that took as JSON. */
import { createPauseLedger } from "@holdpoint/asya";
import { openStore } from "@holdpoint/core";

import { spreadOf } from "../statistics.ts";
import { taskIds } from "./growth-documents.ts";

const [url = "", countText = ""] = process.argv.slice(2);
const ids = taskIds(Number(countText));
await using store = await openStore(url);
const ledger = createPauseLedger(store);

const getMs = spreadOf(await timesOfGets(1_000)).median;
const list = await timed(async () => {
  let found = 0;
  for await (const _ of store.list({ prefix: "paused/" })) found += 1;
  return found;
});
const prune = await timed(() => ledger.prune({ olderThanMs: 0 }));
console.log(
  JSON.stringify({
    getMs,
    listed: list.result,
    listMs: list.ms,
    pruned: prune.result,
    pruneMs: prune.ms,
  }),
);

async function timesOfGets(count: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    // Far apart, so that nothing that lies together helps.
    const id = ids[(index * 7_919) % ids.length];
    times.push((await timed(() => store.get(`paused/${id}.json`))).ms);
  }
  return times;
}

async function timed<Result>(work: () => Promise<Result>): Promise<{ readonly ms: number; readonly result: Result }> {
  const startedAt = performance.now();
  const result = await work();
  return { ms: performance.now() - startedAt, result };
}
