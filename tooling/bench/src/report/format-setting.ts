import type { Comparison, ComparisonRow } from "../compare.ts";
import type { SettingResult } from "../measure-operations.ts";
import { formatBytes } from "./format-bytes.ts";

/** The comparisons of one setting as lines for a terminal. */
export function formatSetting({ group, bodyBytes, inFlight, comparisons }: SettingResult): string {
  const title = `${group}, ${formatBytes(bodyBytes)}, ${inFlight} in flight`;
  return [title, ...comparisons.flatMap(formatComparison)].join("\n");
}

/** One comparison as lines for a terminal. */
export function formatComparison({ operation, rows }: Comparison): readonly string[] {
  return rows.map((row, index) => `  ${(index === 0 ? operation : "").padEnd(16)}${formatRow(row)}`);
}

function formatRow({ contestant, ms, ratio, cpuMs, cpuRatio }: ComparisonRow): string {
  const time = `${formatMs(ms.median)} (${formatMs(ms.lower)} to ${formatMs(ms.upper)})`;
  return `${contestant.padEnd(20)}${time.padEnd(32)}${ratio.median.toFixed(2)} (${ratio.lower.toFixed(2)} to ${ratio.upper.toFixed(2)})   cpu ${formatMs(cpuMs.median)} ${cpuRatio.median.toFixed(2)}`;
}

/** A time with three digits that count. */
export function formatMs(ms: number): string {
  if (!Number.isFinite(ms)) return "-";
  return ms < 1 ? `${(ms * 1_000).toPrecision(3)} µs` : `${Number(ms.toPrecision(3))} ms`;
}
