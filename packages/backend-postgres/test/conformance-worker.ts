import type { OpenWorkerStore } from "@holdpoint/conformance";
import type { CheckpointStore, StoreOptions } from "@holdpoint/core";

import { createPostgresStore } from "../src/index.ts";
import { parsePostgresUrl } from "../src/postgres-options.ts";

/** Opens the store of a namespace: its keys begin with `prefix` and the namespace. */
export async function openNamespace(
  namespace: string,
  { url, prefix }: { readonly url: string; readonly prefix: string },
  options: StoreOptions = {},
): Promise<CheckpointStore> {
  const storeUrl = new URL(url);
  storeUrl.searchParams.set("prefix", `${prefix}${namespace}/`);
  return await createPostgresStore({ ...parsePostgresUrl(storeUrl, {}), ...options });
}

export const openStore: OpenWorkerStore = (namespace, argument) =>
  openNamespace(namespace, argument as { readonly url: string; readonly prefix: string });
