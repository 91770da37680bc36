import { createMemoryStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { defaultMaxBodyBytes } from "@holdpoint/core/driver";

/** What the clients of one namespace share. */
export interface MemoryShelf {
  readonly store: CheckpointStore;
  /** Keys whose value somebody has damaged. */
  readonly damaged: Set<string>;
  readonly maxBodyBytes: number;
}

/** Keeps one shelf for each namespace. */
export function createMemoryShelves(
  maxBodyBytes: number = defaultMaxBodyBytes,
): (namespace: string) => Promise<MemoryShelf> {
  const shelves = new Map<string, Promise<MemoryShelf>>();
  return async (namespace) => {
    const shelf = shelves.get(namespace) ?? createShelf(maxBodyBytes);
    shelves.set(namespace, shelf);
    return await shelf;
  };
}

async function createShelf(maxBodyBytes: number): Promise<MemoryShelf> {
  return { store: await createMemoryStore(), damaged: new Set(), maxBodyBytes };
}
