import type { CheckpointStore } from "@holdpoint/core";

import type { WaitingList } from "./waiting-list.ts";

const operations: ReadonlySet<string | symbol> = new Set(["get", "put", "delete", "check", "inspect", "close"]);

type Method = (...parameters: readonly unknown[]) => unknown;

/** The same store, each of whose operations is on the list while it is under way. */
export function watchStore(store: CheckpointStore, list: WaitingList): CheckpointStore {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      const method = member.bind(target) as Method;
      if (operations.has(name))
        return (...parameters: readonly unknown[]) => watched(list, String(name), method, parameters);
      if (name !== "list") return method;
      return (...parameters: readonly unknown[]) =>
        watchListing(method(...parameters) as AsyncIterable<unknown>, list, parameters);
    },
  });
}

/** Hands out what the method itself has returned, or thrown. */
function watched(list: WaitingList, name: string, method: Method, parameters: readonly unknown[]): unknown {
  const end = list.begin(describe(name, parameters[0]));
  try {
    const result = method(...parameters);
    Promise.resolve(result).then(end, end);
    return result;
  } catch (error) {
    end();
    throw error;
  }
}

function watchListing(
  listing: AsyncIterable<unknown>,
  list: WaitingList,
  parameters: readonly unknown[],
): AsyncIterable<unknown> {
  const { prefix } = (parameters[0] ?? {}) as { readonly prefix?: unknown };
  return {
    [Symbol.asyncIterator]: () =>
      new Proxy(listing[Symbol.asyncIterator](), {
        get(target, name) {
          const member: unknown = Reflect.get(target, name, target);
          if (typeof member !== "function") return member;
          const method = member.bind(target) as Method;
          return (...given: readonly unknown[]) => {
            const end = list.begin(describe(`list (${String(name)})`, prefix));
            const result = method(...given);
            Promise.resolve(result).then(end, end);
            return result;
          };
        },
      }),
  };
}

function describe(name: string, key: unknown): string {
  return typeof key === "string" ? `${name} ${JSON.stringify(key.length > 60 ? `${key.slice(0, 60)}…` : key)}` : name;
}
