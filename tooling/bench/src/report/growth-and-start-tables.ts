import type { GrowthRow } from "../growth/measure-growth.ts";
import type { StartRow } from "../start/measure-start.ts";
import { formatBytes } from "./format-bytes.ts";
import { formatMs } from "./format-setting.ts";
import { markdownTable } from "./markdown-table.ts";

/** Growth as a table: times by document, each with its ratio to the smallest store of the same backend. */
export function growthTables(rows: readonly GrowthRow[]): string {
  if (rows.length === 0) return "";
  const cells = rows.map((row) => {
    const least = rows.find(({ backend }) => backend === row.backend) ?? row;
    const against = (of: (each: GrowthRow) => number): string =>
      `${formatMs(of(row))} (${(of(row) / of(least)).toFixed(2)})`;
    return [
      row.backend,
      row.documents.toLocaleString("en"),
      against(({ getMs }) => getMs),
      against(({ listMs, documents }) => listMs / documents),
      against(({ pruneMs, documents }) => pruneMs / documents),
    ];
  });
  const head = ["backend", "documents", "get", "list, each", "prune, each"];
  return `## Growth

Documents of the ledger, of which one in ten has ended and is pruned. Times are for one document, with the ratio to the smallest store in brackets: what does not grow stays near 1. What memory that takes is on [another page](reliability.md#load). The emulator of Cloud Storage takes longer the more it holds, which its ratios show, and is not filled further than ten thousand.

${markdownTable(head, cells)}`;
}

/** What it takes to begin. */
export function startTables(rows: readonly StartRow[]): string {
  if (rows.length === 0) return "";
  const times = rows.map((row) => [
    row.backend,
    formatMs(row.importMs.median),
    `${formatMs(row.bareImportMs.median)} (\`${row.bareModule}\`)`,
    formatMs(row.firstPutMs.median),
    formatMs(row.bareFirstPutMs.median),
    formatMs(row.readyMs.median),
    formatBytes(row.installedBytes),
    row.bareInstalledBytes === 0 ? "-" : formatBytes(row.bareInstalledBytes),
  ]);
  const head = [
    "backend",
    "import",
    "bare import",
    "first put",
    "bare first put",
    "ready",
    "installed",
    "bare installed",
  ];
  return `## Start-up

The built packages, each figure the median of fresh processes. *First put* is from the start of the process to the answer, with opening the store, which asks the server whether it keeps its promises. *Ready* is from the start of \`x-pause\` to \`runtime-ready\`. *Installed* is all files of the packages and what they depend on.

${markdownTable(head, times)}`;
}
