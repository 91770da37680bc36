/** Measures the stores, the ledger and the actors beside the bare SDKs; see the README beside. */
import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism, loadavg, totalmem } from "node:os";

import { parseArguments, usage } from "./bench-arguments.ts";
import type { BenchArguments } from "./bench-arguments.ts";
import { benchBackends } from "./bench-backends.ts";
import { measureGrowth } from "./growth/measure-growth.ts";
import { measureLs } from "./ls/measure-ls.ts";
import { measureOwn } from "./own/measure-own.ts";
import type { BackendResult } from "./measure-backend.ts";
import { measureBackend } from "./measure-backend.ts";
import { measureMemory } from "./memory/measure-memory.ts";
import { measureStateProxy } from "./measure-state-proxy.ts";
import type { BenchResults } from "./report/bench-results.ts";
import { formatGrowth, formatLs, formatMemory, formatOwn, formatStart } from "./report/format-rows.ts";
import { formatSetting } from "./report/format-setting.ts";
import { writePage } from "./report/write-page.ts";
import { measureStart } from "./start/measure-start.ts";

const parsed = parseArguments(process.argv.slice(2));
if (typeof parsed === "string") {
  console.error(`${parsed}\n\n${usage}`);
  process.exit(2);
}
const results =
  parsed.from === undefined ? await measure(parsed) : (JSON.parse(await readFile(parsed.from, "utf8")) as BenchResults);
if (parsed.json !== undefined) await writeFile(parsed.json, JSON.stringify(results, undefined, 2));
if (parsed.page) await writePage(results);

async function measure({ only, quick }: BenchArguments): Promise<BenchResults> {
  const startedAt = performance.now();
  const machine = {
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.version,
    platform: process.platform,
    load: loadavg()[0] ?? 0,
  };
  const own = only.includes("own") ? await measureOwn(quick, (row) => console.log(formatOwn(row))) : [];
  const backends: BackendResult[] = [];
  for (const [name, open] of Object.entries(benchBackends)) {
    if (!only.includes(name)) continue;
    await using backend = await open();
    console.log(`\n${name} (${backend.server})`);
    backends.push(await measureBackend(backend, quick, (result) => console.log(`\n${formatSetting(result)}`)));
  }
  const stateProxy = only.includes("state-proxy")
    ? await measureStateProxy(quick, (result) => console.log(`\n${formatSetting(result)}`))
    : [];
  const ls = only.includes("ls") ? await measureLs(quick, (result) => console.log(`\n${formatLs(result)}`)) : [];
  const memory = only.includes("memory") ? await measureMemory(quick, (row) => console.log(formatMemory(row))) : [];
  const growth = only.includes("growth") ? await measureGrowth(quick, (row) => console.log(formatGrowth(row))) : [];
  const start = only.includes("start") ? await measureStart(quick, (row) => console.log(formatStart(row))) : [];
  const minutes = (performance.now() - startedAt) / 60_000;
  console.log(`\nThis took ${minutes.toFixed(1)} minutes.`);
  return {
    machine,
    command: `pnpm bench${quick ? " --quick" : ""}`,
    minutes,
    own,
    backends,
    stateProxy,
    ls,
    memory,
    growth,
    start,
  };
}
