import { listed, table } from "../format-report.ts";
import type { HoldTortureReport } from "./run-hold-torture.ts";

/** The report as a table, and a last line that says whether all went well. */
export function formatHoldReport(report: HoldTortureReport): string {
  const { counts, faults, seed, elapsedMs } = report;
  return [
    table([
      ["seed", seed],
      ["duration", `${(elapsedMs / 1000).toFixed(1)} s`],
      ["holds", `${counts.holds} of ${report.holds}`],
      ["orders", String(counts.orders)],
      ["answers and votes", `${counts.answers} (${counts.counted} counted, ${counts.repeatedAnswers} repeated)`],
      ["programs run afterwards", String(counts.programsAfterwards)],
      ["payments", `${counts.payments} (${counts.repeatedPayments} under a key that was paid before)`],
      ["attempts beyond the first", String(counts.moreAttempts)],
      ["found in doubt", String(counts.doubts)],
      ["settled", `${counts.settledApplied} as paid, ${counts.settledNotApplied} as not paid`],
      ["late payments refused", String(report.fenced)],
      ["claims lost", String(counts.claimsLost)],
      ["kill -9", `${counts.kills} (${counts.killsWithinAct} at a payment, ${counts.killedInHand} orders in hand)`],
      ["SIGSTOP beyond a lease", String(counts.stops)],
      ["server restarts", String(counts.serverRestarts)],
      ["starts that failed", String(counts.failedStarts)],
      ["crashes", String(counts.crashes)],
      ["faults injected", listed(faults)],
      ["errors, repeated", listed(counts.errors)],
      ["answers refused", listed(counts.refusals)],
      ["outcome unknown", String(counts.unknown)],
      ["ends", listed(counts.ends)],
    ]),
    "",
    `lost ${counts.lost}, doubled ${counts.doubled}, under another key ${counts.otherKeys}`,
  ].join("\n");
}
