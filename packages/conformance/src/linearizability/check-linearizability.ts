import type { HistoryOperation } from "./history.ts";
import type { RegisterModel } from "./register-model.ts";
import { strictModel } from "./register-model.ts";

/** The verdict on a history, and how many steps the search took. */
export type LinearizabilityVerdict =
  | { readonly linearizable: true; readonly steps: number }
  /** The search was given up. */
  | { readonly linearizable: undefined; readonly steps: number }
  | {
      readonly linearizable: false;
      readonly steps: number;
      /** The farthest point that an order came to: what was stored there, and the operations that cannot come next. */
      readonly stuck: { readonly value: string | null; readonly next: readonly HistoryOperation[] };
    };

/**
 * Whether there is an order of the operations in which one store, working on one operation at a time, would have given
 * the recorded answers, and in which no operation moves past one that had ended before it began.
 *
 * It is the search of Wing and Gong with the memory of Lowe: try each operation that could be next, go on from there,
 * and never try twice what led to the same value with the same operations done.
 *
 * The search can take a time that doubles with each operation that has no end.
 *
 * @param model what an operation may do; by default it takes effect once
 * @param maxSteps after how many steps the search is given up
 * @see https://www.cs.cmu.edu/~wing/publications/WingGong93.pdf
 * @see https://www.cs.ox.ac.uk/people/gavin.lowe/LinearizabiltyTesting/paper.pdf
 */
export function checkLinearizability(
  history: readonly HistoryOperation[],
  model: RegisterModel = strictModel,
  maxSteps = Infinity,
): LinearizabilityVerdict {
  const operations = history.toSorted((left, right) => (left.startedAt < right.startedAt ? -1 : 1));
  const certain = operations.reduce(
    (mask, { endedAt }, index) => (endedAt === undefined ? mask : mask | bitOf(index)),
    0n,
  );
  const tried = new Set<string>();
  const start: Step = { done: 0n, first: 0, certainDone: 0, value: null };
  const stack = [start];
  let farthest = start;

  for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
    if ((step.done & certain) === certain) return { linearizable: true, steps: tried.size };
    if (tried.size > maxSteps) return { linearizable: undefined, steps: tried.size };
    if (step.certainDone > farthest.certainDone) farthest = step;
    for (const index of candidates(operations, step)) {
      const operation = operations[index]!;
      for (const { value, done: isDone } of model(operation, step.value)) {
        const done = isDone ? step.done | bitOf(index) : step.done;
        const key = `${done.toString(36)} ${value === null ? "" : JSON.stringify(value)}`;
        if (tried.has(key)) continue;
        tried.add(key);
        let { first } = step;
        while (done & bitOf(first)) first += 1;
        const certainDone = step.certainDone + (isDone && operation.endedAt !== undefined ? 1 : 0);
        stack.push({ done, first, certainDone, value });
      }
    }
  }
  const next = candidates(operations, farthest).map((index) => operations[index]!);
  return { linearizable: false, steps: tried.size, stuck: { value: farthest.value, next } };
}

/** A point of the search: which operations are done, the first that is not, and what is stored then. */
interface Step {
  readonly done: bigint;
  readonly first: number;
  /** How many of those that have an end are done. */
  readonly certainDone: number;
  readonly value: string | null;
}

function bitOf(index: number): bigint {
  return 1n << BigInt(index);
}

/** The operations that may be next: those that began before any other that is still to be done had ended. */
function candidates(operations: readonly HistoryOperation[], { done, first }: Step): number[] {
  const open: number[] = [];
  let earliestEnd: bigint | undefined;
  for (let index = first; index < operations.length; index += 1) {
    const { startedAt, endedAt } = operations[index]!;
    if (earliestEnd !== undefined && startedAt > earliestEnd) break;
    if (done & bitOf(index)) continue;
    open.push(index);
    if (endedAt !== undefined && (earliestEnd === undefined || endedAt < earliestEnd)) earliestEnd = endedAt;
  }
  // Sorted by start, a later one may have begun before an end that was only seen after it was let in.
  return open.filter((index) => earliestEnd === undefined || operations[index]!.startedAt <= earliestEnd);
}
