import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { openStore as open } from "@holdpoint/core";
import type { CheckpointStore, StoreOptions } from "@holdpoint/core";

/** Opens a store in a directory of the namespace's own; the suite's other processes call it too. */
export async function openStore(
  namespace: string,
  { root }: { readonly root: string },
  options: StoreOptions = {},
): Promise<CheckpointStore> {
  const directory = join(root, namespace);
  await mkdir(directory, { recursive: true });
  return await open(directory, options);
}
