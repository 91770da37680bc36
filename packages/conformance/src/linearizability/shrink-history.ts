import type { HistoryAction, HistoryOperation } from "./history.ts";
import { valueSeen } from "./history.ts";

/**
 * A part of a history that is wrong by itself: leaves out operations for as long as the rest stays wrong, and only such
 * as could not have been what makes it wrong.
 *
 * @param isWrong whether no order explains a history; true of the one that is given
 */
export function shrinkHistory(
  history: readonly HistoryOperation[],
  isWrong: (history: readonly HistoryOperation[]) => boolean,
): readonly HistoryOperation[] {
  let shrunk = latestWrongStart(shortestWrongPrefix(history, isWrong), isWrong);
  for (let hasChanged = true; hasChanged;) {
    hasChanged = false;
    for (const operation of shrunk) {
      const simpler = withLessOf(operation, shrunk);
      if (simpler === undefined || !isWrong(simpler)) continue;
      shrunk = simpler;
      hasChanged = true;
    }
  }
  return shrunk;
}

/** The history without an operation, or without its answer; `undefined` if it may need both. */
export function withLessOf(
  operation: HistoryOperation,
  history: readonly HistoryOperation[],
): readonly HistoryOperation[] | undefined {
  const rest = history.filter((other) => other !== operation);
  const { action } = operation;
  if (mayBeLeftOut(operation, rest)) return rest;
  // Under faults it may have had an effect all the same.
  const isRefusedCreate = action.kind === "create" && !action.applied;
  return isRefusedCreate ? [...rest, { ...operation, endedAt: undefined, action: attemptOf(action) }] : undefined;
}

/** The history up to the answer that nothing explains. What was under way then is of unknown outcome. */
function shortestWrongPrefix(
  history: readonly HistoryOperation[],
  isWrong: (history: readonly HistoryOperation[]) => boolean,
): readonly HistoryOperation[] {
  const ends = history.flatMap(({ endedAt }) => (endedAt === undefined ? [] : [endedAt]));
  ends.sort((left, right) => (left < right ? -1 : 1));
  let [right, wrong] = [-1, ends.length - 1];
  while (right + 1 < wrong) {
    const middle = Math.floor((right + wrong) / 2);
    if (isWrong(prefixUntil(history, ends[middle]!))) wrong = middle;
    else right = middle;
  }
  const end = ends[wrong];
  return end === undefined ? history : prefixUntil(history, end);
}

function prefixUntil(history: readonly HistoryOperation[], end: bigint): HistoryOperation[] {
  return history.flatMap((operation) => {
    const { startedAt, endedAt, action } = operation;
    if (startedAt > end) return [];
    if (endedAt === undefined || endedAt <= end) return [operation];
    return changesNothing(action) ? [] : [{ ...operation, endedAt: undefined, action: attemptOf(action) }];
  });
}

/**
 * The history from a moment on at which it is certain what was stored: an operation that has an answer was alone then,
 * but for those that have none.
 */
function latestWrongStart(
  history: readonly HistoryOperation[],
  isWrong: (history: readonly HistoryOperation[]) => boolean,
): readonly HistoryOperation[] {
  const open = history.filter(({ endedAt }) => endedAt === undefined);
  const answered = history.filter(({ endedAt }) => endedAt !== undefined);
  answered.sort((left, right) => (left.startedAt < right.startedAt ? -1 : 1));
  for (const [index, operation] of [...answered.entries()].toReversed()) {
    const later = answered.slice(index + 1);
    const isAlone =
      answered.slice(0, index).every(({ endedAt }) => endedAt! < operation.startedAt) &&
      later.every(({ startedAt }) => startedAt > operation.endedAt!);
    const stored = isAlone ? valueAfter(operation.action) : undefined;
    if (stored === undefined) continue;
    const action: HistoryAction = stored === null ? { kind: "delete" } : { kind: "put", value: stored };
    const rest = [...open, { ...operation, isStart: true, action }, ...later];
    if (isWrong(rest)) return rest;
  }
  return history;
}

/** What is certainly stored when the operation has ended; `undefined` if it does not tell. */
function valueAfter(action: HistoryAction): string | null | undefined {
  switch (action.kind) {
    case "get":
      return action.found;
    case "put":
      return action.value;
    case "create":
    case "update":
      return action.applied ? action.value : undefined;
    case "delete":
      return null;
    case "conditional delete":
      return action.end === "conflict" ? undefined : null;
  }
}

/** The action as it is recorded where nobody knows whether it happened. */
function attemptOf(action: HistoryAction): HistoryAction {
  return action.kind === "create" ? { ...action, applied: true } : action;
}

/** Whether the answer says that nothing was changed, and is right about it under faults too. */
function changesNothing(action: HistoryAction): boolean {
  switch (action.kind) {
    case "get":
      return true;
    case "update":
      return !action.applied;
    case "conditional delete":
      return action.end !== "removed";
    case "put":
    case "create":
    case "delete":
      return false;
  }
}

/**
 * Whether every order of the whole history is still one without the operation: it changes nothing, or nobody has seen
 * what it changed and no answer since may be about it.
 */
function mayBeLeftOut(operation: HistoryOperation, rest: readonly HistoryOperation[]): boolean {
  const { action, startedAt, isStart = false } = operation;
  if (isStart) return false;
  const since = rest
    .filter(({ endedAt }) => endedAt === undefined || endedAt >= startedAt)
    .map((other) => other.action);
  if (changesNothing(action)) return true;
  if (!("value" in action)) return !since.some(needsNothing);
  return !(action.kind === "create" && !action.applied) && isUnseen(action.value, since);
}

/** A conflict may be one with a value that no answer names. */
function isUnseen(value: string, since: readonly HistoryAction[]): boolean {
  return !since.some((action) => valueSeen(action) === value || isConflict(action));
}

/** Whether an answer may be right for the only reason that nothing was stored. */
function needsNothing(action: HistoryAction): boolean {
  if (action.kind === "get") return action.found === null;
  return action.kind === "create" || action.kind === "conditional delete" || isConflict(action);
}

function isConflict(action: HistoryAction): boolean {
  return "applied" in action ? !action.applied : action.kind === "conditional delete" && action.end === "conflict";
}
