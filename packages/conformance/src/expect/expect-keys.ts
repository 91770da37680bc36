import type { CheckpointEntry, CheckpointStore } from "@holdpoint/core";

import { fail } from "./fail.ts";

/** Lists all keys with a prefix, which must be exactly these, each once. */
export async function expectKeys(
  store: CheckpointStore,
  keys: readonly string[],
  prefix?: string,
): Promise<CheckpointEntry[]> {
  const entries = await Array.fromAsync(store.list(prefix === undefined ? {} : { prefix }));
  expectSameKeys(prefix === undefined ? "list" : `list with the prefix ${JSON.stringify(prefix)}`, entries, keys);
  return entries;
}

/** Makes sure that a listing has returned exactly these keys, each once. */
export function expectSameKeys(what: string, entries: readonly CheckpointEntry[], keys: readonly string[]): void {
  const expected = new Set(keys);
  const seen = new Set<string>();
  for (const { key } of entries) {
    if (seen.has(key)) throw fail(`${what} returned ${JSON.stringify(key)} twice`);
    seen.add(key);
  }
  const missing = [...expected].filter((key) => !seen.has(key));
  const extra = [...seen].filter((key) => !expected.has(key));
  if (missing.length > 0 || extra.length > 0) {
    throw fail(
      `${what} must return exactly the ${expected.size} keys that are there; it returned ${seen.size}` +
        `${some("without", missing)}${some("and, in excess,", extra)}`,
    );
  }
}

function some(word: string, keys: readonly string[]): string {
  if (keys.length === 0) return "";
  const shown = keys.slice(0, 5).map((key) => JSON.stringify(key));
  return ` ${word} ${shown.join(", ")}${keys.length > 5 ? ` and ${keys.length - 5} more` : ""}`;
}
