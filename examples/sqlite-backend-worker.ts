import { join } from "node:path";

import { openStore as open, registerBackend } from "@holdpoint/core";
import type { CheckpointStore, StoreOptions } from "@holdpoint/core";

import { backend } from "./sqlite-backend.ts";

registerBackend(backend);

/** Opens a database of the namespace's own; the suite's other processes call it too. */
export async function openStore(
  namespace: string,
  { root }: { readonly root: string },
  options: StoreOptions = {},
): Promise<CheckpointStore> {
  return await open(`sqlite://${join(root, namespace)}.db`, options);
}
