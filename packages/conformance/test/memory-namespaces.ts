import { createMemoryStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";

/** Keeps one memory store for each namespace. */
export function createMemoryNamespaces(): (namespace: string) => Promise<CheckpointStore> {
  const stores = new Map<string, Promise<CheckpointStore>>();
  return async (namespace) => {
    const store = stores.get(namespace) ?? createMemoryStore();
    stores.set(namespace, store);
    return await store;
  };
}
