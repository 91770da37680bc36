import type { CheckpointStore } from "@holdpoint/core";

/** The same store, without deletes under a condition, as MinIO has it. */
export function withoutConditionalDelete(store: CheckpointStore): CheckpointStore {
  const capabilities = { ...store.capabilities, conditionalDelete: false };
  return new Proxy(store, {
    get(target, name) {
      if (name === "capabilities") return capabilities;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
