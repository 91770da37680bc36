// A worker as it must not be: it works on what is answered, and claims it after that.
import { createHolds } from "@holdpoint/core/holds";
import type { Holds } from "@holdpoint/core/holds";

import { serveHoldOrders } from "../src/holds/serve-hold-orders.ts";

await serveHoldOrders((store): Holds => {
  const holds = createHolds(store);
  const act: Holds["act"] = async (id, work, options) => {
    const details = await holds.inspect(id);
    if (details?.state !== "answered") return await holds.act(id, work, options);
    const signal = new AbortController().signal;
    const given = { id, content: details.content, savedState: undefined, answer: details.answer, signal };
    const result = await work({ ...given, idempotencyKey: id, attempt: 1 } as Parameters<typeof work>[0]);
    return await holds.act<typeof result>(id, () => result, options);
  };
  return { ...holds, act };
});
