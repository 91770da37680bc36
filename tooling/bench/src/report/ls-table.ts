import type { ComparisonRow } from "../compare.ts";
import { holdpointName, limitName } from "../contestant.ts";
import type { LsResult } from "../ls/measure-ls.ts";
import { formatRatio } from "./format-ratio.ts";
import { formatMs } from "./format-setting.ts";
import { markdownTable } from "./markdown-table.ts";

/** Listing what waits, one line for each backend. */
export function lsTable(results: readonly LsResult[]): string {
  if (results.length === 0) return "";
  const cells = results.map(({ backend, tasks, comparison: { rows } }) => {
    const row = (name: string): ComparisonRow | undefined => rows.find(({ contestant }) => contestant === name);
    const bare = row(limitName);
    const ours = row(holdpointName);
    return [
      backend,
      tasks.toLocaleString("en"),
      formatMs(bare?.ms.median ?? Number.NaN),
      formatMs(ours?.ms.median ?? Number.NaN),
      formatRatio(ours),
    ];
  });
  return `## Listing what waits

What \`holdpoint ls\` takes once its process has started, with its connection and its lines, and nothing but waiting tasks in the store. *bare* is the SDK alone that lists the keys, reads each document with as many in flight, and parses it as JSON.

${markdownTable(["backend", "tasks", "bare", "holdpoint", "ratio"], cells)}`;
}
