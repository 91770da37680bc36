import type { GrowthRow } from "../growth/measure-growth.ts";
import type { LsResult } from "../ls/measure-ls.ts";
import type { MemoryRow } from "../memory/measure-memory.ts";
import type { OwnRow } from "../own/measure-own.ts";
import type { StartRow } from "../start/measure-start.ts";
import { formatBytes } from "./format-bytes.ts";
import { formatComparison, formatMs } from "./format-setting.ts";

/** One line of growth for a terminal. */
export function formatGrowth(row: GrowthRow): string {
  const { backend, documents, getMs, listMs, pruneMs } = row;
  const times = `get ${formatMs(getMs)}; list ${formatMs(listMs)}; prune ${formatMs(pruneMs)}`;
  return `${backend.padEnd(9)}${String(documents).padEnd(8)}${times}`;
}

/** One line of a served actor's memory for a terminal. */
export function formatMemory({ actor, heap, payloadBytes, inFlight, messages, bare, holdpoint }: MemoryRow): string {
  const setting = `${actor} on redis, heap ${heap}, ${messages} messages of ${formatBytes(payloadBytes)}, ${inFlight} in flight`;
  const most = `${formatBytes(holdpoint.peakBytes)} after ${formatBytes(holdpoint.startBytes)} at the start, levels off after ${holdpoint.levelsAfter}`;
  if (bare === undefined) return `${setting}: ${most}`;
  const ratio = (holdpoint.peakBytes / bare.peakBytes).toFixed(2);
  return `${setting}: ${most}; bare ${formatBytes(bare.peakBytes)} after ${formatBytes(bare.startBytes)}; ratio ${ratio}`;
}

/** What listing the tasks of one backend took, for a terminal. */
export function formatLs({ backend, tasks, comparison }: LsResult): string {
  return [`${tasks} waiting tasks, ${backend}`, ...formatComparison(comparison)].join("\n");
}

/** One line of our own work for a terminal. */
export function formatOwn({ subject, operation, cpuUs, ratio, budget }: OwnRow): string {
  const limit = budget === undefined ? "" : `, at most ${budget}`;
  return `${subject.padEnd(10)}${operation.padEnd(26)}cpu ${formatMs(cpuUs.median / 1_000).padEnd(10)}${ratio.median.toFixed(2)} (${ratio.lower.toFixed(2)} to ${ratio.upper.toFixed(2)})${limit}`;
}

/** One line of start-up times for a terminal. */
export function formatStart(row: StartRow): string {
  const { backend, importMs, bareImportMs, firstPutMs, bareFirstPutMs, readyMs } = row;
  return `${backend.padEnd(9)}import ${versus(importMs.median, bareImportMs.median)}; first put ${versus(firstPutMs.median, bareFirstPutMs.median)}; ready ${formatMs(readyMs.median)}; installed ${formatBytes(row.installedBytes)} (bare ${formatBytes(row.bareInstalledBytes)})`;
}

function versus(ours: number, bare: number): string {
  return `${formatMs(ours)} (bare ${formatMs(bare)})`;
}
