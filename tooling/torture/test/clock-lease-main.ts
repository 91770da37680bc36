// A worker as it must not be: it judges the lease of another by its own clock, which is an hour ahead.
import type { Holds } from "@holdpoint/core/holds";
import { createHolds } from "@holdpoint/core/holds";

import { serveHoldOrders } from "../src/holds/serve-hold-orders.ts";

const aheadMs = 3_600_000;

interface Acting {
  readonly state: string;
  readonly claim: { readonly at: string; readonly leaseMs: number; readonly attempt: number };
}

await serveHoldOrders((store): Holds => {
  const holds = createHolds(store);
  return {
    ...holds,
    act: async (id, work, options) => {
      const key = `holds/${id}.json`;
      const found = await store.get(key);
      const document = JSON.parse(new TextDecoder().decode(found?.body)) as Acting;
      const { claim } = document;
      if (document.state === "acting" && Date.now() + aheadMs > Date.parse(claim.at) + claim.leaseMs) {
        const freed = { ...document, state: "answered", attempts: claim.attempt };
        await store
          .put(key, new TextEncoder().encode(JSON.stringify(freed)), { ifVersion: found?.version ?? "" })
          .catch(() => {});
      }
      return await holds.act(id, work, options);
    },
  };
});
