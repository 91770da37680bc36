import type { LoadReport } from "./run-load.ts";
import type { LoadStep } from "./step-meter.ts";

const bytesPerMebibyte = 2 ** 20;
const headings = [
  "",
  "tasks",
  "seconds",
  "per second",
  "median",
  "p99",
  "longest",
  "passed by",
  "memory",
  "in use",
  "connections",
  "opened",
  "files",
];

/** The report as a table, one row for each step. */
export function formatReport(report: LoadReport): string {
  const { location, documents, inFlight, payloadBytes, before, steps } = report;
  const rows = [headings, ...steps.map((step) => rowOf(step))];
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const table = rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  "),
  );
  return [
    location,
    `${documents} tasks of ${payloadBytes} bytes, ${inFlight} in flight`,
    `before the first: ${mebibytes(before.rssBytes)} of memory, ${mebibytes(before.liveBytes)} in use, ${before.connections} connections`,
    "",
    ...table,
  ].join("\n");
}

/** Whether every step did to every task what it should. */
export function hasSucceeded({ documents, steps, problems }: LoadReport): boolean {
  return problems.length === 0 && steps.every(({ succeeded }) => succeeded === documents);
}

/** A number of bytes for people. */
export function mebibytes(bytes: number): string {
  return `${Math.round(bytes / bytesPerMebibyte)} MiB`;
}

function rowOf({ name, succeeded, durationMs, waitMs, mostPassed, peaks }: LoadStep): readonly string[] {
  return [
    name,
    String(succeeded),
    (durationMs / 1000).toFixed(1),
    (succeeded / (durationMs / 1000)).toFixed(0),
    milliseconds(waitMs.median),
    milliseconds(waitMs.p99),
    milliseconds(waitMs.longest),
    String(mostPassed),
    mebibytes(peaks.rssBytes),
    mebibytes(peaks.liveBytes),
    String(peaks.connections),
    String(peaks.opened),
    String(peaks.descriptors ?? "unknown"),
  ];
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}
