import type { CheckpointStore } from "@holdpoint/core";

/**
 * A store as a process has it that is killed after so many requests: none that comes later reaches storage, and what was
 * under way then has arrived when the caller is told.
 */
export function dyingStore(inner: CheckpointStore, requests: number): CheckpointStore {
  let left = requests;
  const underWay = new Set<Promise<unknown>>();
  const die = async (): Promise<never> => {
    await Promise.allSettled(underWay);
    throw new Error("killed");
  };
  return new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return (...parameters: readonly unknown[]): unknown => {
        if (left === 0) return name === "list" ? { [Symbol.asyncIterator]: () => ({ next: die }) } : die();
        left -= 1;
        const result: unknown = Reflect.apply(member, target, parameters);
        if (result instanceof Promise) underWay.add(result);
        return result;
      };
    },
  });
}
