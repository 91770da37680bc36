/**
 * What one operation did to a key, in terms of what is stored there at one time: `Stored` names it, and each write makes
 * a new one.
 */
export type HistoryAction<Stored = string> =
  | { readonly kind: "get"; readonly found: Stored | null }
  | { readonly kind: "put"; readonly value: Stored }
  | { readonly kind: "create"; readonly value: Stored; readonly applied: boolean }
  | { readonly kind: "update"; readonly expected: Stored; readonly value: Stored; readonly applied: boolean }
  /** Whether it found something is left open: not every server can say so atomically. */
  | { readonly kind: "delete" }
  | {
      readonly kind: "conditional delete";
      readonly expected: Stored;
      readonly end: "removed" | "nothing there" | "conflict";
    };

/** One operation of a recorded history. */
export interface HistoryOperation<Stored = string> {
  readonly participant: string;
  /** A clock that all participants share, in nanoseconds. */
  readonly startedAt: bigint;
  /**
   * `undefined`: nobody knows whether it happened. It may take effect at any time after its start, or never; its action
   * says what it would have done.
   */
  readonly endedAt: bigint | undefined;
  readonly action: HistoryAction<Stored>;
  /** Whether the answer said that it was certainly not applied, for another reason than a conflict. @default false */
  readonly hasFailed?: boolean | undefined;
  /** Whether it stands for what was stored when a part of a history begins. @default false */
  readonly isStart?: boolean | undefined;
  /** Whether it stands for an effect that somebody has seen, besides the one that the answer is about. @default false */
  readonly isRepetition?: boolean | undefined;
}

/** What a participant stored or found: a value that no other operation writes, and its version. */
export interface SeenValue {
  readonly value: string;
  /** `undefined` where no answer has told it. */
  readonly version?: string | undefined;
}

/** An operation as a participant recorded it. */
export interface RecordedOperation extends HistoryOperation<SeenValue> {
  readonly key: string;
}

/** The same action with each of its values under another name. */
export function renameValues<From, To>(action: HistoryAction<From>, rename: (value: From) => To): HistoryAction<To> {
  switch (action.kind) {
    case "get":
      return { ...action, found: action.found === null ? null : rename(action.found) };
    case "put":
    case "create":
      return { ...action, value: rename(action.value) };
    case "update":
      return { ...action, expected: rename(action.expected), value: rename(action.value) };
    case "delete":
      return action;
    case "conditional delete":
      return { ...action, expected: rename(action.expected) };
  }
}

/** What the action stores if it is applied. */
export function valueWritten<Stored>(action: HistoryAction<Stored>): Stored | undefined {
  return "value" in action ? action.value : undefined;
}

/** What the action says was stored: what it found, or what its condition names. */
export function valueSeen<Stored>(action: HistoryAction<Stored>): Stored | undefined {
  if ("expected" in action) return action.expected;
  return action.kind === "get" ? (action.found ?? undefined) : undefined;
}
