import type { HistoryAction, HistoryOperation } from "./history.ts";
import { valueSeen } from "./history.ts";
import type { RegisterModel, Transition } from "./register-model.ts";
import { strictModel } from "./register-model.ts";

/** What a write has stored and nobody has seen. It differs from nothing and from all that was seen. */
const unseen = "?";

/**
 * A store whose answers may get lost, as far as that changes what it promises:
 *
 * - A write that names no version (put, create, delete) may take effect again and again until it ends; a create also
 *   where it ends in a conflict, if what it had stored was removed in between.
 * - A conditional delete that finds nothing may say that it has removed what was there.
 * - A write on a version takes effect once at most. But where a version is a digest of the value, the version can come
 *   back by the first of these rules, and the write with it.
 *
 * @param history the operations that the model is for, with names by `nameStates`
 */
export function modelUnderFaults(history: readonly HistoryOperation[], uniqueVersions: boolean): RegisterModel {
  const seen = new Set(history.map(({ action }) => valueSeen(action)));

  return (operation, value) => {
    const { action, endedAt } = operation;
    const repetition = repetitionOf(operation, value, uniqueVersions);
    const isVersionSeen = uniqueVersions && "value" in action && seen.has(action.value);
    // Whether it was done need not be remembered of a write that need not be done and can be done again. A version that
    // was seen was made once, though.
    const isForgotten = endedAt === undefined && isRepeatable(action, uniqueVersions) && !isVersionSeen;
    const once = isForgotten || isConflictWithItself(action, value) ? [] : strictModel(operation, value);
    return repetition === undefined ? once : [...once, repetition];
  };
}

function isRepeatable({ kind }: HistoryAction, uniqueVersions: boolean): boolean {
  return kind === "put" || kind === "create" || kind === "delete" || (!uniqueVersions && kind !== "get");
}

/** What an operation may do besides what the strict model lets it do. */
function repetitionOf(
  { action, endedAt }: HistoryOperation,
  value: string | null,
  uniqueVersions: boolean,
): Transition | undefined {
  switch (action.kind) {
    case "get":
      return undefined;
    case "put":
      return { value: uniqueVersions ? unseen : action.value, done: false };
    case "create": {
      const stored = action.applied ? unseen : refusedButStored(action.value);
      return value === null ? { value: uniqueVersions ? stored : action.value, done: false } : undefined;
    }
    case "update":
      return !uniqueVersions && action.applied && value === action.expected
        ? { value: action.value, done: false }
        : undefined;
    case "delete":
      return { value: null, done: false };
    case "conditional delete":
      if (action.end !== "removed") return undefined;
      if (value === null) return endedAt === undefined ? undefined : { value, done: true };
      return !uniqueVersions && value === action.expected ? { value: null, done: false } : undefined;
  }
}

/** What a create has stored and nobody has seen that ended in a conflict, which must not have been one with itself. */
function refusedButStored(value: string): string {
  return `${unseen} ${value}`;
}

function isConflictWithItself(action: HistoryAction, value: string | null): boolean {
  return (
    action.kind === "create" && !action.applied && (value === action.value || value === refusedButStored(action.value))
  );
}
