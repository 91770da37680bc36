import type { CheckpointStore } from "../src/store/checkpoint-store.ts";

/** A store that writes down every request, so that tests can count them. */
export interface CountingStore {
  readonly store: CheckpointStore;
  /** Operations since the last call, such as `"put holds/a.json"`. */
  readonly takeRequests: () => readonly string[];
}

/** Wraps a store; what it counts is the store's operations, each of which is one request of a driver. */
export function countRequests(inner: CheckpointStore): CountingStore {
  let requests: string[] = [];
  const store = new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return (...parameters: readonly unknown[]): unknown => {
        if (["get", "put", "delete"].includes(String(name))) requests.push(`${String(name)} ${String(parameters[0])}`);
        if (name === "list") requests.push("list");
        return Reflect.apply(member, target, parameters);
      };
    },
  });
  return {
    store,
    takeRequests() {
      const taken = requests;
      requests = [];
      return taken;
    },
  };
}
