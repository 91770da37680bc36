// A worker as it must not be: it writes its receipt whatever has become of its claim meanwhile.
import type { CheckpointStore, PutOptions } from "@holdpoint/core";
import { createHolds } from "@holdpoint/core/holds";

import { serveHoldOrders } from "../src/holds/serve-hold-orders.ts";

await serveHoldOrders((store) => createHolds(writingReceiptsBlindly(store)));

function writingReceiptsBlindly(store: CheckpointStore): CheckpointStore {
  const put = async (key: string, body: Uint8Array, options: PutOptions = {}): Promise<unknown> => {
    const isReceipt = /"state":"done".*"did":"finished"/u.test(new TextDecoder().decode(body));
    return await store.put(key, body, isReceipt ? {} : options);
  };
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (name === "put") return put;
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
