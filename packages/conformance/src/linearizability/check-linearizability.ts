import type { HistoryAction, HistoryOperation } from "./history.ts";

/** The verdict on a history; `problem` shows where no order fits any more. */
export type LinearizabilityVerdict =
  | { readonly linearizable: true }
  | { readonly linearizable: false; readonly problem: string };

/**
 * Whether there is an order of the operations in which one store, working on one operation at a time, would have given
 * the recorded answers, and in which no operation moves past one that had ended before it began.
 *
 * It is the search of Wing and Gong with the memory of Lowe: try each operation that could be next, go on from there,
 * and never try twice what led to the same value with the same operations done.
 *
 * @see https://www.cs.cmu.edu/~wing/publications/WingGong93.pdf
 * @see https://www.cs.ox.ac.uk/people/gavin.lowe/LinearizabiltyTesting/paper.pdf
 */
export function checkLinearizability(
  history: readonly HistoryOperation[],
  initial: string | null = null,
): LinearizabilityVerdict {
  const operations = history.toSorted((left, right) => (left.startedAt < right.startedAt ? -1 : 1));
  const certain = operations.reduce(
    (mask, { endedAt }, index) => (endedAt === undefined ? mask : mask | (1n << BigInt(index))),
    0n,
  );
  const tried = new Set<string>();
  const stack: Step[] = [{ done: 0n, first: 0, value: initial }];
  let farthest: Step = { done: 0n, first: 0, value: initial };

  for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
    if ((step.done & certain) === certain) return { linearizable: true };
    if (step.first >= farthest.first) farthest = step;
    for (const index of candidates(operations, step)) {
      const value = valueAfter(operations[index]!.action, step.value);
      if (value === undefined) continue;
      const done = step.done | (1n << BigInt(index));
      const key = `${done.toString(36)} ${JSON.stringify(value)}`;
      if (tried.has(key)) continue;
      tried.add(key);
      let { first } = step;
      while ((done >> BigInt(first)) & 1n) first += 1;
      stack.push({ done, first, value });
    }
  }
  return { linearizable: false, problem: explain(operations, farthest) };
}

/** A point of the search: which operations are done, the first that is not, and what is stored then. */
interface Step {
  readonly done: bigint;
  readonly first: number;
  readonly value: string | null;
}

/** The operations that may be next: those that began before any other that is still to be done had ended. */
function candidates(operations: readonly HistoryOperation[], { done, first }: Step): number[] {
  const open: number[] = [];
  let earliestEnd: bigint | undefined;
  for (let index = first; index < operations.length; index += 1) {
    const { startedAt, endedAt } = operations[index]!;
    if (earliestEnd !== undefined && startedAt > earliestEnd) break;
    if ((done >> BigInt(index)) & 1n) continue;
    open.push(index);
    if (endedAt !== undefined && (earliestEnd === undefined || endedAt < earliestEnd)) earliestEnd = endedAt;
  }
  // Sorted by start, a later one may have begun before an end that was only seen after it was let in.
  return open.filter((index) => earliestEnd === undefined || operations[index]!.startedAt <= earliestEnd);
}

/** What is stored after the action if it gives the recorded answer now; `undefined` if it could not. */
function valueAfter(action: HistoryAction, value: string | null): string | null | undefined {
  switch (action.kind) {
    case "get":
      return action.found === value ? value : undefined;
    case "put":
      return action.value;
    case "create":
      if (action.applied) return value === null ? action.value : undefined;
      return value === null ? undefined : value;
    case "update":
      if (action.applied) return value === action.expected ? action.value : undefined;
      return value === action.expected ? undefined : value;
    case "delete":
      return null;
    case "conditional delete":
      if (action.end === "removed") return value === action.expected ? null : undefined;
      if (action.end === "nothing there") return value === null ? null : undefined;
      return value === null || value === action.expected ? undefined : value;
  }
}

function explain(operations: readonly HistoryOperation[], step: Step): string {
  const origin = operations[0]?.startedAt ?? 0n;
  const open = candidates(operations, step).map((index) => `  ${describe(operations[index]!, origin)}`);
  return [
    `After the operations that began before ${microseconds(operations[step.first]!.startedAt - origin)}, the value is ` +
      `${JSON.stringify(step.value)} in the best order that was found, and none of these could come next:`,
    ...open,
  ].join("\n");
}

function describe({ participant, startedAt, endedAt, action }: HistoryOperation, origin: bigint): string {
  const end = endedAt === undefined ? "unknown" : microseconds(endedAt - origin);
  return `${participant}, ${microseconds(startedAt - origin)} to ${end}: ${JSON.stringify(action)}`;
}

function microseconds(nanoseconds: bigint): string {
  return `${nanoseconds / 1000n} us`;
}
