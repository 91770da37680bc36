import type { CheckpointStore } from "@holdpoint/core";

import { expectStored } from "./expect-body.ts";
import { fail } from "./fail.ts";

/** Reads a key that must still hold these bytes under this version. */
export async function expectUnchanged(
  store: CheckpointStore,
  key: string,
  body: Uint8Array,
  version: string,
): Promise<void> {
  const found = await expectStored(store, key, body);
  if (found.version === version) return;
  throw fail(`the version of ${JSON.stringify(key)} must still be ${version}; it is ${found.version}`);
}
