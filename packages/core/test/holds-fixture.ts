import { createHolds } from "../src/holds/create-holds.ts";
import type { Holds } from "../src/holds/holds.ts";
import { createMemoryStore } from "../src/drivers/memory-store.ts";
import type { CheckpointStore } from "../src/store/checkpoint-store.ts";

/** A store that writes down every request, so that tests can count them. */
interface CountingStore {
  readonly store: CheckpointStore;
  /** Operations since the last call, such as `"put holds/a.json"`. */
  readonly takeRequests: () => readonly string[];
}

/** Wraps a store; what it counts is the store's operations, each of which is one request of a driver. */
function countRequests(inner: CheckpointStore): CountingStore {
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

/** Holds on a memory store, with a clock that moves a second at each look. */
export async function openHolds(): Promise<
  CountingStore & { readonly holds: Holds; readonly elapse: (ms: number) => void }
> {
  const counting = countRequests(await createMemoryStore());
  let time = Date.parse("2026-01-31T12:00:00Z");
  const holds = createHolds(counting.store, { now: () => new Date((time += 1_000)) });
  return { ...counting, holds, elapse: (ms) => void (time += ms) };
}

/** A person as an identity provider knows them. */
export function person(subject: string): { readonly issuer: string; readonly subject: string } {
  return { issuer: "https://login.example.com", subject };
}
