import type { HistoryAction, HistoryOperation } from "../src/linearizability/history.ts";

/** An operation of a made-up history; without an end, its outcome is unknown. */
export function operation(startedAt: number, endedAt: number | undefined, action: HistoryAction): HistoryOperation {
  return {
    participant: `p${startedAt}`,
    startedAt: BigInt(startedAt),
    endedAt: endedAt === undefined ? undefined : BigInt(endedAt),
    action,
  };
}

export const create = (value: string, applied = true): HistoryAction => ({ kind: "create", value, applied });
export const update = (expected: string, value: string, applied = true): HistoryAction => ({
  kind: "update",
  expected,
  value,
  applied,
});
export const get = (found: string | null): HistoryAction => ({ kind: "get", found });
export const put = (value: string): HistoryAction => ({ kind: "put", value });
export const remove: HistoryAction = { kind: "delete" };
export const removeVersion = (
  expected: string,
  end: "removed" | "nothing there" | "conflict" = "removed",
): HistoryAction => ({ kind: "conditional delete", expected, end });
