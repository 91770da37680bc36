/** Prints what LangGraph's own savers and this one cost and do, side by side, as a page of Markdown. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openStore } from "@holdpoint/core";
import { startCountingProxy, startServer } from "@holdpoint/test-servers";
import type { CountingProxy, ServerName } from "@holdpoint/test-servers";
import { emptyCheckpoint } from "@langchain/langgraph-checkpoint";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";

import { HoldpointSaver } from "../src/holdpoint-saver.ts";
import { saverCases } from "./saver-cases.ts";
import { measureSteps } from "./compare/measure-steps.ts";
import { installOfficialSavers } from "./compare/official-savers.ts";
import { printLargeValues } from "./compare/print-large-values.ts";

interface Contestant {
  readonly name: string;
  readonly open: () => Promise<BaseCheckpointSaver>;
  readonly proxy?: CountingProxy | undefined;
}

const cases = saverCases.filter(({ needs }) => needs === undefined);
const longThread = 200;
const metadata = { source: "input", step: -1, parents: {} } as const;

await using official = await installOfficialSavers();
await using cleanup = new AsyncDisposableStack();
const directory = await mkdtemp(join(tmpdir(), "holdpoint-compare-"));
cleanup.defer(async () => await rm(directory, { recursive: true }));
const [files, largeFiles] = [join(directory, "files"), join(directory, "large")];
await mkdir(files);
await mkdir(largeFiles);
const postgres = await serverUrl("postgres");
const redis = await serverUrl("redis");

const contestants: readonly Contestant[] = [
  await ofHoldpoint("files", files),
  await ofHoldpoint("PostgreSQL", await proxyFor(postgres)),
  await ofHoldpoint("Redis", await proxyFor(redis)),
  { name: "official SQLite", open: async () => official.sqlite(join(directory, "official.sqlite")) },
  await ofPostgres(await proxyFor(postgres)),
];
const savers = await Promise.all(contestants.map(async ({ open, proxy }) => ({ saver: await open(), proxy })));
const costs = await measureSteps(savers);
const outcomes: (readonly string[])[] = [];
for (const { open } of contestants) outcomes.push(await judge(open));
const redisProblem = await official
  .redis(redis)
  .then(async (saver) => {
    cleanup.defer(async () => await saver.end());
    return await saver.put({ configurable: { thread_id: "thread-1" } }, emptyCheckpoint(), metadata, {});
  })
  .then(
    () => "it works here, and is yet to be measured",
    (error: unknown) => `it does not work on this server: ${String(error)}`,
  );

const number = (value: number | undefined, digits: number): string => value?.toFixed(digits) ?? "-";
const fastest = Math.min(...costs.map(({ ms }) => ms));
console.log(
  "| a step of 1 kB, durability sync | requests | bytes sent | time, as a ratio |\n| --- | ---: | ---: | ---: |",
);
for (const [index, { requests, bytes, ms }] of costs.entries()) {
  const numbers = [number(requests, 1), number(bytes, 0), number(ms / fastest, 1)];
  console.log(`| ${contestants[index]?.name} | ${numbers.join(" | ")} |`);
}
const names = contestants.map(({ name }) => name);
console.log(`\n| case | ${names.join(" | ")} |\n| --- |${" --- |".repeat(names.length)}`);
for (const [index, { title }] of cases.entries()) {
  console.log(`| ${title} | ${outcomes.map((ofOne) => ofOne[index]).join(" | ")} |`);
}
console.log(`\nOfficial Redis: ${redisProblem}`);
await printLargeValues({ files: largeFiles, postgres, redis });

async function ofHoldpoint(name: string, place: string | CountingProxy): Promise<Contestant> {
  const store = cleanup.use(await openStore(typeof place === "string" ? place : place.url));
  const proxy = typeof place === "string" ? undefined : place;
  return { name: `HoldpointSaver, ${name}`, open: async () => new HoldpointSaver(store), proxy };
}

async function ofPostgres(proxy: CountingProxy): Promise<Contestant> {
  const open = async (): Promise<BaseCheckpointSaver> => {
    const saver = await official.postgres(proxy.url);
    cleanup.defer(async () => await saver.end());
    return saver;
  };
  return { name: "official PostgreSQL", open, proxy };
}

async function judge(open: () => Promise<BaseCheckpointSaver>): Promise<readonly string[]> {
  const judged: string[] = [];
  for (const { title, run } of cases) {
    try {
      await run({ open, longThread });
      judged.push("yes");
    } catch (error) {
      judged.push("no");
      console.error(`${title}: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`);
    }
  }
  return judged;
}

async function serverUrl(name: ServerName): Promise<string> {
  const server = await startServer(name, { own: true });
  if (server.kind === "missing") throw new Error(`There is no ${name} server to measure on. ${server.remedy}`);
  cleanup.use(server);
  return server.url;
}

async function proxyFor(target: string): Promise<CountingProxy> {
  const protocol = target.startsWith("redis") ? "redis" : "postgres";
  return cleanup.use(await startCountingProxy({ target, protocol }));
}
