import type { CheckpointStore } from "@holdpoint/core";
import { openStore as openStoreByUrl } from "@holdpoint/core";

/** Opens the store under test in a process of its own. */
export async function openStore(namespace: string, argument: unknown): Promise<CheckpointStore> {
  const { bucket, endpoint } = argument as { readonly bucket: string; readonly endpoint: string };
  return await openStoreByUrl(`gs://${bucket}/${namespace}?endpoint=${endpoint}`);
}
