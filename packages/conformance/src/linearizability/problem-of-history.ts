import { checkLinearizability } from "./check-linearizability.ts";
import { describeHistory } from "./describe-history.ts";
import type { HistoryOperation, RecordedOperation, SeenValue } from "./history.ts";
import { valueSeen, valueWritten } from "./history.ts";
import { modelUnderFaults } from "./model-under-faults.ts";
import { nameValues } from "./name-values.ts";
import { strictModel } from "./register-model.ts";
import { shrinkHistory } from "./shrink-history.ts";

/** What is to be taken into account when a recorded history is checked. */
export interface HistoryConditions {
  /** Whether answers may have been lost, so that some writes may have taken effect more than once. */
  readonly underFaults: boolean;
  /** The store's capability. */
  readonly uniqueVersions: boolean;
}

/** How many steps of the search may go into leaving out what does not matter, in all and at one try. */
const shrinkingSteps = 2_000_000;
const stepsOfOne = 200_000;

/**
 * Looks for what cannot be explained in a recorded history, key by key; `undefined` if all can be. Otherwise the answer
 * shows the operations of one key that contradict each other, without those that do not matter.
 */
export function problemOfHistory(
  recorded: readonly RecordedOperation[],
  { underFaults, uniqueVersions }: HistoryConditions,
): string | undefined {
  for (const [key, history] of Map.groupBy(recorded, (operation) => operation.key)) {
    const problem = ambiguousVersion(history);
    if (problem !== undefined) return `${JSON.stringify(key)}: ${problem}`;
    const judge = (part: readonly HistoryOperation[], maxSteps?: number): ReturnType<typeof checkLinearizability> =>
      checkLinearizability(part, underFaults ? modelUnderFaults(part, uniqueVersions) : strictModel, maxSteps);
    const named = nameValues(history, underFaults && uniqueVersions);
    const operations = named.filter(({ hasFailed = false }) => !hasFailed);
    if (judge(operations).linearizable) continue;
    let stepsLeft = shrinkingSteps;
    // Without some operations it can take far longer to see that no order is left: those then stay.
    const shrunk = shrinkHistory(operations, (part) => {
      const { linearizable, steps } = judge(part, Math.min(stepsLeft, stepsOfOne));
      stepsLeft -= steps;
      return linearizable === false;
    });
    const verdict = judge(shrunk);
    if (verdict.linearizable !== false) throw new Error("what was left of a history that is wrong is right");
    const shown = worthShowing(shrunk, named);
    return [
      `no order explains these operations on ${JSON.stringify(key)}:`,
      describeHistory(shown, verdict.stuck),
      `${named.length - shown.length} others are left out; they explain it neither.`,
    ].join("\n");
  }
  return undefined;
}

/** A version is of one value, whatever else is true of it. */
function ambiguousVersion(history: readonly HistoryOperation<SeenValue>[]): string | undefined {
  const values = new Map<string, string>();
  for (const { action } of history) {
    for (const seen of [valueWritten(action), valueSeen(action)]) {
      if (seen?.version === undefined) continue;
      const other = values.get(seen.version) ?? seen.value;
      if (other !== seen.value) return `the version ${seen.version} was seen with ${seen.value} and with ${other}`;
      values.set(seen.version, seen.value);
    }
  }
  return undefined;
}

/**
 * Adds what a person wants to know, which is what those said who wrote what was seen, and takes away what was not seen
 * of operations that need not have happened.
 */
function worthShowing(
  shrunk: readonly HistoryOperation[],
  history: readonly HistoryOperation[],
): readonly HistoryOperation[] {
  const seen = new Set(shrunk.map(({ action }) => valueSeen(action)));
  const isSeen = ({ action }: HistoryOperation): boolean => "value" in action && seen.has(action.value);
  const needed = shrunk.filter((operation) => operation.endedAt !== undefined || isSeen(operation));
  const keys = new Set(needed.map(identityOf));
  return [...needed, ...history.filter((operation) => isSeen(operation) && !keys.has(identityOf(operation)))];
}

/** Shrinking may have taken its answer from an operation. */
function identityOf({ participant, startedAt, isRepetition = false }: HistoryOperation): string {
  return `${participant} ${startedAt} ${isRepetition}`;
}
