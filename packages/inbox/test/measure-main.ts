// How long the pages take on a store with many holds, what a look at them costs once they are known, and how much memory
// they take: pnpm measure:inbox [holds] [store's URL]. Holds that an earlier run has left there are taken as they are.
import { setTimeout as sleep } from "node:timers/promises";

import { openStore } from "@holdpoint/core";
import { createHolds } from "@holdpoint/core/holds";

import { logIn } from "./inbox-client.ts";
import { openInbox } from "./open-inbox.ts";
import type { NoticeTarget } from "../src/index.ts";
import type { NoticeRecord } from "../src/notices/notice-record.ts";
import { noticeKey } from "../src/notices/notice-record.ts";
import { occasionOf } from "../src/notices/notice-subject.ts";
import { inTurns } from "../src/sending/lookout.ts";
import { countCalls } from "./count-calls.ts";
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
const inbox = await openInbox({ store });
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

/** What a target of notices hears, and when it heard the last. */
function listening(): { readonly target: NoticeTarget; readonly heard: Map<string, number> } {
  const heard = new Map<string, number>();
  const send: NoticeTarget["send"] = async ({ subject }) => void heard.set(subject.id, performance.now());
  return { target: { name: "measured", send }, heard };
}

/** What stands beside the holds once a target was told of all of them. */
async function noteAsTold(): Promise<void> {
  for await (const some of inTurns(await Array.fromAsync(holds.list()))) {
    for (let start = 0; start < some.length; start += opensAtOnce) {
      const notes = some.slice(start, start + opensAtOnce).map(async ({ id, openedAt }) => {
        const record: NoticeRecord = { kind: "hold", id, occasion: occasionOf({ openedAt }), told: ["opened"] };
        await opened.put(noticeKey("measured", record), new TextEncoder().encode(JSON.stringify(record)));
      });
      await Promise.all(notes);
    }
  }
}

/** What an inbox does that is started when all was told, until it has seen that. */
async function tell(): Promise<void> {
  const { store: counted, counts } = countCalls(opened);
  const { target, heard } = listening();
  const memoryBefore = heapMb();
  const beganAt = performance.now();
  const cpu = process.cpuUsage();
  await using telling = await openInbox({ store: counted, notices: { targets: [target], lookEveryMs: 1_000 } });
  // Its first listing has ended when it begins to look at what it was told before.
  while (counts.noticeReads === 0) await sleep(100);
  const listedMs = performance.now() - beganAt;
  const late = `late-${Date.now()}`;
  const askedAt = performance.now();
  await holds.open(late, { ask: { message: "Late?" } });
  let readBefore = -1;
  while (readBefore !== counts.noticeReads || !heard.has(late)) {
    readBefore = counts.noticeReads;
    await sleep(3_000);
  }
  const { user, system } = process.cpuUsage(cpu);
  console.log(
    `telling, when all but one was told before: ${heard.size} told, the listing after ${Math.round(listedMs)} ms, a question that was asked then ${Math.round((heard.get(late) ?? 0) - askedAt)} ms later, the last after ${Math.round(counts.lastNoticeReadAt - beganAt)} ms, ${counts.reads} documents read, ${counts.writes} written, ${Math.round((user + system) / 1_000)} ms of processor time, ${heapMb() - memoryBefore} MB`,
  );
  await holds.cancel(late);
  if (telling.errors.length > 0) console.log(`errors: ${telling.errors.length}, ${telling.errors[0]?.message}`);
}

await inbox[Symbol.asyncDispose]();
await noteAsTold();
await tell();
await opened.close();
