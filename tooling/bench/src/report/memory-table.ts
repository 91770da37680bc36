import type { MemoryRow } from "../memory/measure-memory.ts";
import { formatBytes } from "./format-bytes.ts";
import { markdownTable } from "./markdown-table.ts";

/** The memory of a served actor as a table. */
export function memoryTable(rows: readonly MemoryRow[]): string {
  if (rows.length === 0) return "";
  const cells = rows.map(({ actor, heap, payloadBytes, inFlight, messages, bare, holdpoint }) => [
    `\`${actor}\``,
    heap,
    messages.toLocaleString("en"),
    formatBytes(payloadBytes),
    String(inFlight),
    bare === undefined ? "-" : formatBytes(bare.startBytes),
    bare === undefined ? "-" : formatBytes(bare.peakBytes),
    formatBytes(holdpoint.startBytes),
    formatBytes(holdpoint.peakBytes),
    bare === undefined ? "-" : (holdpoint.peakBytes / bare.peakBytes).toFixed(2),
    holdpoint.levelsAfter.toLocaleString("en"),
  ]);
  const head = [
    "actor",
    "heap",
    "messages",
    "payload",
    "in flight",
    "bare, at start",
    "bare",
    "at start",
    "holdpoint",
    "ratio",
  ];
  return `## Memory

What \`x-pause\` and \`x-resume\` on Redis keep resident at most while messages come over their socket; \`x-pause\` beside a bare server of Node's that parses them, writes them with ioredis where there is none, and answers. Each figure is the median of fresh processes, as the operating system tells it. The last column says after how many messages that was nearly reached. The large messages, and the answers to tasks with as large a payload, come all at once, and take turns.

${markdownTable([...head, "levels off after"], cells)}`;
}
