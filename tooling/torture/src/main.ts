/** Puts many tasks, or many holds, on the store of a URL while everything breaks; see the README beside. */
import { openStore } from "@holdpoint/core";

import { formatReport } from "./format-report.ts";
import { formatHoldReport } from "./holds/format-hold-report.ts";
import { runHoldTorture } from "./holds/run-hold-torture.ts";
import { createProgressLine } from "./progress-line.ts";
import { runTorture } from "./run-torture.ts";
import { parseArguments, usage } from "./torture-arguments.ts";

const parsed = parseArguments(process.argv.slice(2));
if (typeof parsed === "string") {
  console.error(`${parsed}\n\n${usage}`);
  process.exit(2);
}
// Processes that were started end with this one.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(130));
const { store, seed, tasks, holds } = parsed;
const progressLine = createProgressLine(process.stdout);
const { text, stories, isWhole } = await checkAndRun().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(2);
});
progressLine.end();
for (const story of stories) console.log(`\n${story}`);
console.log(`\n${text}`);
// Not by the end of the event loop: after many connections that were reset, Node 24.21 now and then waits for ever, at
// full load, in its own clean-up (node::Environment::CleanupHandles).
process.exit(isWhole ? 0 : 1);

async function checkAndRun(): Promise<{
  readonly text: string;
  readonly stories: readonly string[];
  readonly isWhole: boolean;
}> {
  // Without the proxy, so that a store that cannot be used says why.
  const opened = await openStore(store);
  await opened.close();
  console.log(`seed ${seed}, store ${opened.location}`);
  if (holds !== undefined) {
    const report = await runHoldTorture(store, {
      ...holds,
      onProgress: (progress) => progressLine.show({ ...progress, what: "holds", total: progress.holds }),
    });
    const { counts } = report;
    return {
      text: formatHoldReport(report),
      stories: [...report.stories, ...report.crashReports],
      isWhole: counts.lost + counts.doubled + counts.otherKeys === 0 && counts.holds === report.holds,
    };
  }
  const report = await runTorture(store, {
    ...tasks,
    onProgress: (progress) => progressLine.show({ ...progress, what: "tasks", total: progress.tasks }),
  });
  const { counts } = report;
  return {
    text: formatReport(report),
    stories: [...report.stories, ...report.crashReports],
    isWhole: counts.lost + counts.doubled === 0 && counts.tasks === report.tasks,
  };
}
