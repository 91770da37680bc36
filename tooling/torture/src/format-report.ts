import type { TortureReport } from "./run-torture.ts";

/** The report as a table, and a last line that says whether all went well. */
export function formatReport(report: TortureReport): string {
  const { counts, faults, seed, elapsedMs } = report;
  const rows: readonly (readonly [string, string])[] = [
    ["seed", seed],
    ["duration", `${(elapsedMs / 1000).toFixed(1)} s`],
    ["tasks", `${counts.tasks} of ${report.tasks}`],
    ["pause points passed", String(counts.pausePoints)],
    ["deliveries", String(counts.deliveries)],
    ["redeliveries", `${counts.redeliveries} (${counts.lateRedeliveries} after the task had ended)`],
    ["second clicks", String(counts.secondClicks)],
    ["kill -9", `${counts.kills} (${counts.killedInHand} deliveries in hand)`],
    ["server restarts", String(counts.serverRestarts)],
    ["starts that failed", String(counts.failedStarts)],
    ["crashes", String(counts.crashes)],
    ["faults injected", listed(faults)],
    ["errors, delivered again", listed(counts.errors)],
    ["answers refused", listed(counts.refusals)],
    ["outcome unknown", String(counts.unknown)],
    ["asked again", String(counts.askedAgain)],
  ];
  return [table(rows), "", `lost ${counts.lost}, doubled ${counts.doubled}`].join("\n");
}

/** Names and values in two columns. */
export function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

/** How many there are in all, and of what, most first. */
export function listed(counts: ReadonlyMap<string, number>): string {
  if (counts.size === 0) return "0";
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const parts = [...counts].toSorted(([, left], [, right]) => right - left).map(([name, count]) => `${name} ${count}`);
  return `${total} (${parts.join(", ")})`;
}
