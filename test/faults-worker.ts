import type { OpenWorkerStore } from "@holdpoint/conformance";
import { openStore as openByUrl } from "@holdpoint/core";
import type { CheckpointStore, StoreOptions } from "@holdpoint/core";

/** A store of the suite, as it is told to another process. */
export interface StoreOfSuite {
  readonly url: string;
  /** What the names of its namespaces begin with. */
  readonly prefix: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Opens the store of a namespace, in this process or another. */
export async function openNamespace(
  namespace: string,
  { url, prefix, environment }: StoreOfSuite,
  options: StoreOptions = {},
): Promise<CheckpointStore> {
  return await openByUrl(withPrefix(url, `${prefix}-${namespace}`), { ...options, environment });
}

export const openStore: OpenWorkerStore = (namespace, argument) => openNamespace(namespace, argument as StoreOfSuite);

/** Puts another prefix in the place of the last part of the store's own. */
function withPrefix(text: string, prefix: string): string {
  const url = new URL(text);
  if (url.searchParams.has("prefix")) url.searchParams.set("prefix", `${prefix}/`);
  else url.pathname = url.pathname.replace(/[^/]+$/u, prefix);
  return url.href;
}
