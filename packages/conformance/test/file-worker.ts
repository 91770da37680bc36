import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import type { OpenWorkerStore } from "@holdpoint/conformance/run";
import { createFileStore } from "@holdpoint/core";
import type { StoreOptions } from "@holdpoint/core";

/** Opens a store in a directory of the namespace's own below `root`. */
export async function openFileStore(
  root: string,
  namespace: string,
  options: StoreOptions = {},
): ReturnType<typeof createFileStore> {
  const directory = join(root, namespace);
  await mkdir(directory, { recursive: true });
  return await createFileStore({ directory, ...options });
}

export const openStore: OpenWorkerStore = (namespace, argument) =>
  openFileStore((argument as { readonly root: string }).root, namespace);
