import type { OpenWorkerStore } from "@holdpoint/conformance/run";

import { openStore as openGoodStore } from "../file-store-worker.ts";

/** A store whose client keeps a heartbeat that nobody stops. */
export const openStore: OpenWorkerStore = async (namespace, argument) => {
  setInterval(() => undefined, 1_000);
  return await openGoodStore(namespace, argument as { readonly root: string });
};
