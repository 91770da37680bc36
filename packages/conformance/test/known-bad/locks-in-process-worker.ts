import { setTimeout as sleep } from "node:timers/promises";

import type { OpenWorkerStore } from "@holdpoint/conformance/run";
import { CheckpointError } from "@holdpoint/core";
import type { CheckpointStore, DeleteOptions, PutOptions } from "@holdpoint/core";

import { openStore as openGoodStore } from "../file-store-worker.ts";
import { ForwardingStore } from "./forwarding-store.ts";

const queues = new Map<string, Promise<unknown>>();

/** Runs one piece of work at a time on each key, in this process. */
async function exclusively<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
  const turn = (queues.get(key) ?? Promise.resolve()).then(work, work);
  queues.set(key, turn);
  return await turn;
}

/** Checks conditions under a lock that other processes know nothing of. */
class LocksInProcess extends ForwardingStore {
  readonly #namespace: string;

  constructor(good: CheckpointStore, namespace: string) {
    super(good);
    this.#namespace = namespace;
  }

  override async put(key: string, body: Uint8Array, options: PutOptions = {}): Promise<{ readonly version: string }> {
    const { ifAbsent = false, ifVersion, ...rest } = options;
    return await exclusively(`${this.#namespace}/${key}`, async () => {
      const current = await super.get(key);
      const conflict = ifAbsent ? current !== null : ifVersion !== undefined && current?.version !== ifVersion;
      if (conflict) throw new CheckpointError("conflict", "the condition does not hold");
      await sleep(1);
      return await super.put(key, body, rest);
    });
  }

  override async delete(key: string, options?: DeleteOptions): Promise<boolean> {
    return await exclusively(`${this.#namespace}/${key}`, () => super.delete(key, options));
  }
}

export const openStore: OpenWorkerStore = async (namespace, argument) =>
  new LocksInProcess(await openGoodStore(namespace, argument as { readonly root: string }), namespace);
