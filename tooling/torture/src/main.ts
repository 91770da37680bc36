/** Pauses and resumes many tasks on the store of a URL while everything breaks; see the README beside. */
import { openStore } from "@holdpoint/core";

import { formatReport } from "./format-report.ts";
import { createProgressLine } from "./progress-line.ts";
import type { TortureReport } from "./run-torture.ts";
import { runTorture } from "./run-torture.ts";
import { parseArguments, usage } from "./torture-arguments.ts";

const parsed = parseArguments(process.argv.slice(2));
if (typeof parsed === "string") {
  console.error(`${parsed}\n\n${usage}`);
  process.exit(2);
}
// Actors end with this process.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(130));
const { store, options } = parsed;
const progressLine = createProgressLine(process.stdout);
const report = await checkAndRun().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(2);
});
progressLine.end();
for (const story of [...report.stories, ...report.crashReports]) console.log(`\n${story}`);
console.log(`\n${formatReport(report)}`);
const isWhole = report.counts.lost === 0 && report.counts.doubled === 0 && report.counts.tasks === report.tasks;
// Not by the end of the event loop: after many connections that were reset, Node 24.21 now and then waits for ever, at
// full load, in its own clean-up (node::Environment::CleanupHandles).
process.exit(isWhole ? 0 : 1);

async function checkAndRun(): Promise<TortureReport> {
  // Without the proxy, so that a store that cannot be used says why.
  const opened = await openStore(store);
  await opened.close();
  console.log(`seed ${options.seed}, store ${opened.location}`);
  return await runTorture(store, { ...options, onProgress: progressLine.show });
}
