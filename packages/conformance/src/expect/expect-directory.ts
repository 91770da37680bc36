import { deepStrictEqual } from "node:assert/strict";

import type { CheckpointStore } from "@holdpoint/core";

import { fail } from "./fail.ts";

/** Lists what is directly under a prefix, which must be exactly this, each once; a directory ends with a slash. */
export async function expectDirectory(
  store: CheckpointStore,
  prefix: string | undefined,
  expected: readonly string[],
): Promise<void> {
  // What was not made of a driver need not have it.
  if (store.listDirectory === undefined) return;
  const what = `listDirectory with the prefix ${JSON.stringify(prefix)}`;
  const found: string[] = [];
  for await (const { key, isDirectory } of store.listDirectory(prefix === undefined ? {} : { prefix })) {
    if (isDirectory !== key.endsWith("/")) throw fail(`${what} must say of ${JSON.stringify(key)} what it is`);
    found.push(key);
  }
  deepStrictEqual(found.toSorted(), expected.toSorted(), `${what} must show what is directly under it, each once`);
}
