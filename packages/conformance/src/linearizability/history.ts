/** What one operation did to a key, in terms of values that are each written once only. */
export type HistoryAction =
  | { readonly kind: "get"; readonly found: string | null }
  | { readonly kind: "put"; readonly value: string }
  | { readonly kind: "create"; readonly value: string; readonly applied: boolean }
  | { readonly kind: "update"; readonly expected: string; readonly value: string; readonly applied: boolean }
  /** Whether it found something is left open: not every server can say so atomically. */
  | { readonly kind: "delete" }
  | {
      readonly kind: "conditional delete";
      readonly expected: string;
      readonly end: "removed" | "nothing there" | "conflict";
    };

/** One operation of a recorded history. */
export interface HistoryOperation {
  readonly participant: string;
  /** A clock that all participants share, in nanoseconds. */
  readonly startedAt: bigint;
  /** `undefined`: nobody knows whether it happened. It may take effect at any time after its start, or never. */
  readonly endedAt: bigint | undefined;
  readonly action: HistoryAction;
}
