// How long the pages take on a store with many holds, what a look at them costs once they are known, and how much memory
// they take: pnpm measure:inbox [holds] [store's URL]. Holds that an earlier run has left there are taken as they are.
import { setTimeout as sleep } from "node:timers/promises";

import { openStore } from "@holdpoint/core";
import { createHolds } from "@holdpoint/core/holds";

import { logIn } from "./inbox-client.ts";
import { openInbox } from "./open-inbox.ts";
import { watchListings } from "./watch-listings.ts";

const count = Number(process.argv[2] ?? 100_000);
const opened = await openStore(process.argv[3] ?? "memory:");
const opensAtOnce = 50;
/** How soon a page asks for itself again that was shown before the list was whole. */
const pageReloadsMs = 2_000;
const { store, nextListing } = watchListings(opened);

const holds = createHolds(opened);
const idOf = (index: number): string => `measured-${index}`;
const begin = (await holds.inspect(idOf(count - 1))) === null ? 0 : count;
for (let first = begin; first < count; first += opensAtOnce) {
  const indices = Array.from({ length: Math.min(opensAtOnce, count - first) }, (_, index) => first + index);
  await Promise.all(
    indices.map(async (index) => {
      const ask = { message: `Refund ${index % 400} euro for order ${index}, which arrived with a broken screen?` };
      const request = { ask, content: { index }, labels: { team: `team-${index % 7}` } };
      await holds.open(idOf(index), request, { by: "agent" });
    }),
  );
}

const heapMb = (): number => {
  globalThis.gc?.();
  return Math.round(process.memoryUsage().heapUsed / 1e6);
};
const before = heapMb();
await using inbox = await openInbox({ store });
const client = await logIn(inbox);

async function visit(path: string): Promise<{ readonly tookMs: number; readonly text: string }> {
  const beganAt = performance.now();
  const text = await (await client.get(path)).text();
  return { tookMs: Math.round(performance.now() - beganAt), text };
}

/** Visits until the list was made again. */
async function look(): Promise<string> {
  const next = nextListing();
  for (;;) {
    await visit("");
    const made = await Promise.race([next, sleep(pageReloadsMs)]);
    if (made !== undefined) return made;
  }
}

console.log(`${count} holds at ${opened.location}`);
const first = nextListing();
let slowestMs = 0;
for (;;) {
  const { tookMs, text } = await visit("");
  slowestMs = Math.max(slowestMs, tookMs);
  if (!text.includes("still being read")) break;
  await sleep(pageReloadsMs);
}
console.log(`the first listing: ${await first}; the slowest page meanwhile: ${slowestMs} ms`);
for (const path of ["", "?page=1000", "?text=refund+399", "?label=team%3Dteam-3", "answered"]) {
  console.log(`/${path}: ${(await visit(path)).tookMs} ms`);
}
console.log(`a listing when nothing has changed: ${await look()}`);
const changed = idOf(Math.floor(Math.random() * count));
await holds.answer(changed, { decision: "approve" }).catch(() => undefined);
console.log(`a listing when one was answered: ${await look()}`);
console.log(
  `memory for it: ${heapMb() - before} MB${globalThis.gc === undefined ? " (run with --expose-gc to be exact)" : ""}`,
);
await opened.close();
