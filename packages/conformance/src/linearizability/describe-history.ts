import type { HistoryOperation } from "./history.ts";

const barWidth = 24;

/**
 * A history as lines that a person can follow, in the order of their starts: who, from when to when, and what. Marks
 * those that could not come next.
 */
export function describeHistory(
  history: readonly HistoryOperation[],
  stuck: { readonly value: string | null; readonly next: readonly HistoryOperation[] },
): string {
  const operations = history.toSorted((left, right) => (left.startedAt < right.startedAt ? -1 : 1));
  const origin = operations[0]?.startedAt ?? 0n;
  const ends = operations.map(({ startedAt, endedAt }) => endedAt ?? startedAt);
  const end = ends.reduce((latest, moment) => (moment > latest ? moment : latest), origin + 1n);
  const nameWidth = Math.max(...operations.map(({ participant }) => participant.length));
  const lines = operations.map((operation) => {
    const { participant, startedAt, endedAt } = operation;
    const from = Math.floor((Number(startedAt - origin) / Number(end - origin)) * (barWidth - 1));
    const to = Math.floor((Number((endedAt ?? end) - origin) / Number(end - origin)) * (barWidth - 1));
    const bar = `${" ".repeat(from)}${(endedAt === undefined ? "." : "=").repeat(to - from + 1)}`.padEnd(barWidth);
    const until = endedAt === undefined ? "?" : milliseconds(endedAt - origin);
    return [
      stuck.next.includes(operation) ? ">" : " ",
      participant.padEnd(nameWidth),
      milliseconds(startedAt - origin).padStart(10),
      until.padStart(10),
      `|${bar}|`,
      inWords(operation),
    ].join(" ");
  });
  const stored = stuck.value === null ? "nothing is stored" : `${stuck.value} is stored`;
  return [...lines, `In the best order that was found, ${stored}, and none of those with > could come next.`].join(
    "\n",
  );
}

function inWords(operation: HistoryOperation): string {
  const { action } = operation;
  if (operation.isStart === true) return `stored: ${"value" in action ? action.value : "nothing"}`;
  const end = endOf(operation);
  switch (action.kind) {
    case "get":
      return `get: ${action.found ?? "nothing"}`;
    case "put":
      return `put ${action.value}: ${end}`;
    case "create":
      return `create ${action.value}: ${end}`;
    case "update":
      return `update ${action.expected} to ${action.value}: ${end}`;
    case "delete":
      return `delete: ${end}`;
    case "conditional delete":
      return `delete ${action.expected} by its version: ${end}`;
  }
}

function endOf({ action, endedAt, hasFailed, isRepetition }: HistoryOperation): string {
  if (isRepetition === true) return "took effect, for it was seen";
  if (hasFailed === true) return "failed, certainly not applied";
  if (endedAt === undefined) return "unknown";
  if (action.kind === "conditional delete") return action.end;
  return "applied" in action && !action.applied ? "conflict" : "done";
}

function milliseconds(nanoseconds: bigint): string {
  return `${(Number(nanoseconds) / 1e6).toFixed(2)} ms`;
}
