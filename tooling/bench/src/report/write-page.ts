import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { ComparisonRow } from "../compare.ts";
import { holdpointName, limitName } from "../contestant.ts";
import type { BackendResult } from "../measure-backend.ts";
import type { SettingResult } from "../measure-operations.ts";
import type { BenchResults } from "./bench-results.ts";
import { formatBytes } from "./format-bytes.ts";
import { formatRatio } from "./format-ratio.ts";
import { formatMs } from "./format-setting.ts";
import { growthTables, startTables } from "./growth-and-start-tables.ts";
import { lsTable } from "./ls-table.ts";
import { ownTable } from "./own-table.ts";
import { memoryTable } from "./memory-table.ts";
import { markdownTable } from "./markdown-table.ts";
import type { PlotLine } from "./svg-ratio-plot.ts";
import { ratioPlot } from "./svg-ratio-plot.ts";

const documentation = join(import.meta.dirname, "../../../../docs");

/** Writes docs/performance.md and its plots from the figures of one run. */
export async function writePage(results: BenchResults): Promise<void> {
  const plots = join(documentation, "performance");
  await mkdir(plots, { recursive: true });
  for (const backend of results.backends) {
    for (const theme of ["light", "dark"] as const) {
      const plot = ratioPlot(`${backend.backend}: time by that of the bare SDK`, plotLines(backend), theme);
      await writeFile(join(plots, `${backend.backend}-${theme}.svg`), plot);
    }
  }
  const lessons = await readFile(join(import.meta.dirname, "lessons.md"), "utf8");
  const parts = [
    introduction(results),
    ownTable(results.own ?? []),
    ...results.backends.map(backendPart),
    stateProxyPart(results.stateProxy ?? []),
    lsTable(results.ls ?? []),
    memoryTable(results.memory ?? []),
    growthTables(results.growth),
    startTables(results.start),
    lessons.trim(),
  ];
  await writeFile(join(documentation, "performance.md"), `${parts.filter((part) => part !== "").join("\n\n")}\n`);
}

function introduction({ machine, command, minutes }: BenchResults): string {
  const { cores, memoryBytes, node, platform, load } = machine;
  return `# Performance

<!-- Written by \`pnpm bench --page\`; what is to be changed by hand is in tooling/bench/src/report. -->

Measured with \`${command}\` in ${minutes.toFixed(0)} minutes, on a machine with ${cores} cores, ${formatBytes(memoryBytes)} of memory, ${platform}, Node ${node.slice(1)}, and a load of ${load.toFixed(1)} at the beginning. Servers and clients share the machine.

\`pnpm bench --page\` measures everything anew and writes this page; \`pnpm bench --only redis --quick\` prints one backend's figures in a minute or two.

**How to read it.** *bare* is the limit: the SDK alone doing the same atomic operation with as few requests, its client set as ours is. For files it is a durable write in plain Node: a temporary file, fsync, link or rename, fsync of the directory. All contestants work in one process and by turns, in rounds of some milliseconds, so that what else the machine does hits all alike. The figures are the median of the rounds; a ratio is that of one round to the limit in the same round, with the middle half of the rounds in brackets. Times are for one operation: of a turn's time, its share.`;
}

function backendPart(backend: BackendResult): string {
  const { contestants, settings } = backend;
  const lacks = contestants
    .filter(({ lacks: text }) => text !== "")
    .map(({ name, lacks: text }) => `- *${name}*: ${text}`);
  const stores = settings.filter(({ group }) => group === "store" || group === "listing");
  const ledger = settings.filter(({ group }) => group === "ledger" || group === "socket");
  const parts = [
    `## ${backend.backend}`,
    `<picture><source media="(prefers-color-scheme: dark)" srcset="performance/${backend.backend}-dark.svg"><img alt="Ratios of ${backend.backend} to the bare SDK, as in the table" src="performance/${backend.backend}-light.svg"></picture>`,
    lacks.length === 0 ? "" : `What the others do not do:\n\n${lacks.join("\n")}`,
    storeTable(stores),
    ledgerTable(ledger),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

function stateProxyPart(settings: readonly SettingResult[]): string {
  if (settings.length === 0) return "";
  return `## State proxy

Files on MinIO, read and written through the socket of a state proxy in a process of its own, one request for each connection, as Asya's runtime does it. *bare* is MinIO's client in the process of the bench, and *the store itself* is what the proxy works with, there too, without a socket.

${storeTable(settings)}`;
}

function storeTable(settings: readonly SettingResult[]): string {
  const names = settings[0]?.comparisons[0]?.rows.map(({ contestant }) => contestant) ?? [];
  const others = names.filter((name) => name !== limitName && name !== holdpointName);
  const head = ["operation", "body", "in flight", "bare", "holdpoint", "ratio", ...others];
  const rows = settings.flatMap(({ bodyBytes, inFlight, comparisons }) =>
    comparisons.map(({ operation, rows: found }) => {
      const row = (name: string): ComparisonRow | undefined => found.find(({ contestant }) => contestant === name);
      const ours = row(holdpointName);
      return [
        operation,
        formatBytes(bodyBytes),
        String(inFlight),
        formatMs(row(limitName)?.ms.median ?? Number.NaN),
        formatMs(ours?.ms.median ?? Number.NaN),
        formatRatio(ours),
        ...others.map((name) => formatRatio(row(name))),
      ];
    }),
  );
  return markdownTable(head, rows);
}

function ledgerTable(settings: readonly SettingResult[]): string {
  const rows = settings.flatMap(({ group, bodyBytes, inFlight, comparisons }) =>
    comparisons.map(({ operation, rows: found }) => {
      const limit = found.find(({ contestant }) => contestant === limitName);
      const ours = found.find(({ contestant }) => contestant === holdpointName);
      return [
        group === "ledger" ? operation : `${operation}, over the socket`,
        formatBytes(bodyBytes),
        String(inFlight),
        formatMs(limit?.ms.median ?? Number.NaN),
        formatMs(ours?.ms.median ?? Number.NaN),
        formatRatio(ours),
      ];
    }),
  );
  return markdownTable(["ledger", "payload", "in flight", "bare", "holdpoint", "ratio"], rows);
}

function plotLines({ settings }: BackendResult): readonly PlotLine[] {
  return settings
    .filter(({ inFlight }) => inFlight <= 16)
    .flatMap(({ group, bodyBytes, inFlight, comparisons }) =>
      comparisons.map(({ operation, rows }) => ({
        label: `${operation}${group === "socket" ? ", socket" : ""}, ${formatBytes(bodyBytes)}, ${inFlight} in flight`,
        marks: rows
          .filter(({ contestant }) => contestant !== limitName)
          .map(({ contestant, ratio: { median, lower, upper } }) => ({ contestant, median, lower, upper })),
      })),
    );
}
