import type { OwnRow } from "../own/measure-own.ts";
import { formatMs } from "./format-setting.ts";
import { markdownTable } from "./markdown-table.ts";

/** Our own work as a table, each row against the JSON round trip, with its budget where it has one. */
export function ownTable(rows: readonly OwnRow[]): string {
  if (rows.length === 0) return "";
  const cells = rows.map(({ subject, operation, cpuUs, ratio, budget }) => [
    subject === "yardstick" ? operation : `${subject}: ${operation}`,
    formatMs(cpuUs.median / 1_000),
    `${ratio.median.toFixed(2)} (${ratio.lower.toFixed(2)} to ${ratio.upper.toFixed(2)})`,
    budget === undefined ? "-" : String(budget),
  ]);
  return `## Our own work

What our code costs where there is no server: processor time for one operation on the store in memory, one after the other, garbage collection included. The ratio is to the first row of the same round: parsing the message, with a payload of 1 KiB, as JSON and writing it again. The store keeps that message as a body, the ledger pauses it and resumes it, and the holds ask about its payload. \`pnpm bench --only own\` measures it.

${markdownTable(["operation", "processor time", "JSON round trips", "at most"], cells)}`;
}
