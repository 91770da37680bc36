import { strictEqual } from "node:assert/strict";

import type { CheckpointStore } from "@holdpoint/core";

import { expectSameKeys } from "./expect-keys.ts";
import { fail } from "./fail.ts";

/**
 * Lists all keys with their versions, which must be exactly these, each with the version that `get` finds.
 *
 * @param compared how many are read for comparison
 */
export async function expectVersions(
  store: CheckpointStore,
  keys: readonly string[],
  compared = keys.length,
): Promise<ReadonlyMap<string, string>> {
  const entries = await Array.fromAsync(store.list({ versions: true }));
  expectSameKeys("list with versions", entries, keys);
  const versions = new Map<string, string>();
  for (const { key, version } of entries) {
    if (typeof version !== "string" || version === "") throw fail(`list with versions must say that of ${key}`);
    versions.set(key, version);
  }
  for (const key of keys.slice(0, compared)) {
    strictEqual(versions.get(key), (await store.get(key))?.version, `the version of ${key}`);
  }
  return versions;
}
