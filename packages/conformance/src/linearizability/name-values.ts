import type { HistoryAction, HistoryOperation, SeenValue } from "./history.ts";
import { renameValues, valueSeen, valueWritten } from "./history.ts";

/**
 * Names what was stored, so that each effect of a write has a name of its own: the value, since no two operations write
 * the same, and for a second version of it also the version. A put or create that is allowed to take effect again, and
 * whose further effects somebody has seen, is followed by an operation for each of these.
 *
 * @param history the operations on one key
 * @param mayRepeat whether the writes that name no version may take effect more than once
 */
export function nameValues(
  history: readonly HistoryOperation<SeenValue>[],
  mayRepeat: boolean,
): readonly HistoryOperation[] {
  const versions = new Map<string, Set<string>>();
  const note = ({ value, version }: SeenValue): void => {
    const known = versions.get(value) ?? new Set();
    versions.set(value, version === undefined ? known : known.add(version));
  };
  // First the version that the write itself was told, which is what its answer is about.
  const values = [
    ...history.map(({ action }) => valueWritten(action)),
    ...history.map(({ action }) => valueSeen(action)),
  ];
  for (const value of values) if (value !== undefined) note(value);

  const nameOf = ({ value, version }: SeenValue): string => {
    const [first] = versions.get(value) ?? [];
    return version === undefined || version === first ? value : `${value} (again, as ${version})`;
  };
  const named: HistoryOperation[] = [];
  for (const { action, ...operation } of history) {
    named.push({ ...operation, action: renameValues(action, nameOf) });
    if (!mayRepeat || (action.kind !== "put" && action.kind !== "create")) continue;
    const {
      kind,
      value: { value },
    } = action;
    const isRefused = kind === "create" && !action.applied;
    for (const version of [...(versions.get(value) ?? [])].slice(isRefused ? 0 : 1)) {
      const name = nameOf({ value, version });
      const repetition: HistoryAction = kind === "put" ? { kind, value: name } : { kind, value: name, applied: true };
      named.push({ ...operation, isRepetition: true, action: repetition });
    }
  }
  return named;
}
