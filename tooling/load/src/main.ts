/** Pauses, resumes, lists and prunes very many tasks on the store of a URL; see the README beside. */
import { formatReport, hasSucceeded } from "./format-report.ts";
import { parseArguments, usage } from "./load-arguments.ts";
import { createProgressLine } from "./progress-line.ts";
import { runLoad } from "./run-load.ts";

const parsed = parseArguments(process.argv.slice(2));
if (typeof parsed === "string") {
  console.error(`${parsed}\n\n${usage}`);
  process.exit(2);
}
const { store, json, size } = parsed;
const onProgress = json ? undefined : createProgressLine(process.stdout);
const report = await runLoad(store, size, onProgress).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(2);
});
if (json) {
  console.log(JSON.stringify(report));
} else {
  for (const problem of report.problems) console.log(problem);
  console.log(`\n${formatReport(report)}`);
}
process.exitCode = hasSucceeded(report) ? 0 : 1;
