import { randomUUID } from "node:crypto";

import type { CheckpointStore } from "@holdpoint/core";
import { CheckpointError } from "@holdpoint/core";

/** Keys of one examination, which are removed again at its end. */
export class Scratch {
  readonly store: CheckpointStore;
  readonly signal: AbortSignal | undefined;
  readonly id: string = randomUUID();
  readonly #keys = new Set<string>();

  constructor(store: CheckpointStore, signal: AbortSignal | undefined) {
    this.store = store;
    this.signal = signal;
  }

  /** What the scratch keys begin with, except that of the scratch task. */
  get prefix(): string {
    return `doctor/${this.id}/`;
  }

  /** A key that nobody else has. */
  key(name: string): string {
    return this.remember(this.prefix + name);
  }

  /** Has a key removed at the end, too. */
  remember(key: string): string {
    this.#keys.add(key);
    return key;
  }

  /** Removes every key, also after an interruption; resolves to those that are left. */
  async clear(): Promise<readonly string[]> {
    const left: string[] = [];
    for (const key of this.#keys) {
      try {
        await this.store.delete(key);
        this.#keys.delete(key);
      } catch (error) {
        if (!CheckpointError.is(error)) throw error;
        left.push(key);
      }
    }
    return left;
  }
}

/** A small body, another one for another text. */
export function scratchBody(text: string): Uint8Array {
  return new TextEncoder().encode(`holdpoint doctor was here (${text}); this may be removed\n`);
}
