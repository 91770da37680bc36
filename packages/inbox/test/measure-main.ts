// How long the pages take on a store with many holds, and how much memory: pnpm measure:inbox [holds] [store's URL]
import { openStore } from "@holdpoint/core";
import { createHolds } from "@holdpoint/core/holds";

import { logIn } from "./inbox-client.ts";
import { openInbox } from "./open-inbox.ts";

const count = Number(process.argv[2] ?? 100_000);
const store = await openStore(process.argv[3] ?? "memory:");
const opensAtOnce = 50;

const holds = createHolds(store);
for (let first = 0; first < count; first += opensAtOnce) {
  const ids = Array.from({ length: Math.min(opensAtOnce, count - first) }, (_, index) => first + index);
  await Promise.all(
    ids.map(async (id) => {
      const ask = { message: `Refund ${id % 400} euro for order ${id}, which arrived with a broken screen?` };
      await holds.open(`measured-${id}`, { ask, content: { id }, labels: { team: `team-${id % 7}` } }, { by: "agent" });
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

const beganAt = performance.now();
let slowestMs = 0;
for (;;) {
  const { tookMs, text } = await visit("");
  slowestMs = Math.max(slowestMs, tookMs);
  if (!text.includes("still being read")) break;
}
console.log(`${count} holds at ${store.location}`);
console.log(
  `the first listing: ${Math.round(performance.now() - beganAt)} ms; the slowest page meanwhile: ${slowestMs} ms`,
);
for (const path of ["", "?page=1000", "?text=refund+399", "?label=team%3Dteam-3", "answered"]) {
  console.log(`/${path}: ${(await visit(path)).tookMs} ms`);
}
console.log(
  `memory for it: ${heapMb() - before} MB${globalThis.gc === undefined ? " (run with --expose-gc to be exact)" : ""}`,
);
await store.close();
