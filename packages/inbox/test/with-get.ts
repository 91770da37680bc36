import type { CheckpointStore } from "@holdpoint/core";

/** The same store to somebody who reads it otherwise. */
export function withGet(store: CheckpointStore, get: CheckpointStore["get"]): CheckpointStore {
  const { backend, location, capabilities } = store;
  return {
    backend,
    location,
    capabilities,
    get,
    put: async (key, body, options) => await store.put(key, body, options),
    delete: async (key, options) => await store.delete(key, options),
    list: (options) => store.list(options),
    check: async (options) => await store.check(options),
    close: async () => await store.close(),
    [Symbol.asyncDispose]: async () => await store.close(),
  };
}
