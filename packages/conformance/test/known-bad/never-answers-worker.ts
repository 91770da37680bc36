import type { Checkpoint, CheckpointStore, OperationOptions } from "@holdpoint/core";

import { openStore as openFileStore } from "../file-store-worker.ts";
import { ForwardingStore } from "./forwarding-store.ts";

/** Never answers when it is asked for a counter that has got to 3. */
class NeverAnswersStore extends ForwardingStore {
  override async get(key: string, options?: OperationOptions): Promise<Checkpoint | null> {
    const found = await super.get(key, options);
    if (key === "counter" && found?.body[0] === "3".charCodeAt(0)) return await new Promise(() => undefined);
    return found;
  }
}

export async function openStore(namespace: string, argument: { readonly root: string }): Promise<CheckpointStore> {
  return new NeverAnswersStore(await openFileStore(namespace, argument));
}
