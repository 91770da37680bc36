/** Says what very many tasks cost on each backend; see the README beside. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { formatReport } from "../../load/src/format-report.ts";
import { createProgressLine } from "../../load/src/progress-line.ts";
import { keepFigures } from "./figures.ts";
import { measureListing } from "./measure-listing.ts";
import { measureStorage } from "./measure-storage.ts";
import { startMeasuredServer } from "./measured-server.ts";
import { parseArguments, usage } from "./scale-arguments.ts";
import { scalePage } from "./scale-page.ts";

const parsed = parseArguments(process.argv.slice(2));
if (typeof parsed === "string") {
  console.error(`${parsed}\n\n${usage}`);
  process.exit(2);
}
const { storage, listing, tasks, page } = parsed;
for (const name of storage) {
  await using server = await startMeasuredServer(name);
  const size = { documents: tasks, inFlight: 1_000, payloadBytes: 1_000 };
  const { report, figures } = await measureStorage(server, size, createProgressLine(process.stdout));
  console.log(`\n${formatReport(report)}\n`);
  await keepFigures("storage", name, figures);
}
for (const name of listing) {
  await using server = await startMeasuredServer(name);
  await keepFigures("listing", name, await measureListing(server.storeUrl));
}
const text = await scalePage();
if (page) await writeFile(join(import.meta.dirname, "../../../docs/scale.md"), text);
else console.log(text);
