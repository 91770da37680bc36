import type { HistoryOperation } from "./history.ts";

/** One thing that an operation may do at a moment. */
export interface Transition {
  /** What is stored then. */
  readonly value: string | null;
  /** Whether the operation is over; otherwise it may take effect again. */
  readonly done: boolean;
}

/** What an operation may do while `value` is stored, so that its recorded answer is right in the end. */
export type RegisterModel = (operation: HistoryOperation, value: string | null) => readonly Transition[];

/** A store whose every operation takes effect once, or, where nobody knows, at most once. */
export const strictModel: RegisterModel = ({ action }, value) => {
  switch (action.kind) {
    case "get":
      return keepIf(action.found === value, value);
    case "put":
      return set(action.value);
    case "create":
      if (action.applied) return value === null ? set(action.value) : [];
      return keepIf(value !== null, value);
    case "update":
      if (action.applied) return value === action.expected ? set(action.value) : [];
      return keepIf(value !== action.expected, value);
    case "delete":
      return set(null);
    case "conditional delete":
      if (action.end === "removed") return value === action.expected ? set(null) : [];
      if (action.end === "nothing there") return keepIf(value === null, value);
      return keepIf(value !== null && value !== action.expected, value);
  }
};

function set(value: string | null): readonly Transition[] {
  return [{ value, done: true }];
}

function keepIf(holds: boolean, value: string | null): readonly Transition[] {
  return holds ? [{ value, done: true }] : [];
}
