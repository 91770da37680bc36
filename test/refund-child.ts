/** Runs refunds from the top in a process of its own, which dies as soon as all of them have reached a place. */
import { openStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";

import { refund } from "./refund-program.ts";
import type { RefundOptions } from "./refund-program.ts";

/** What a process is told. */
export interface RefundOrder {
  readonly url: string;
  readonly refunds: readonly Omit<RefundOptions, "reached">[];
  /** A place in the program, or the number of a request to the store, from 1: after it, nothing more is sent. */
  readonly dieAt: string;
}

const { url, refunds, dieAt } = JSON.parse(process.argv[2] ?? "") as RefundOrder;
let alive = refunds.length;

async function die(): Promise<void> {
  alive -= 1;
  if (alive === 0) process.kill(process.pid, "SIGKILL");
  // For the others, or for the signal.
  await new Promise(() => {});
}

const store = await openStore(url);
await Promise.all(
  refunds.map((options) =>
    refund(dying(store), { ...options, reached: async (place) => void (place === dieAt && (await die())) }),
  ),
);
process.exit();

/** The same store, on which a process dies once it was asked so often. */
function dying(inner: CheckpointStore): CheckpointStore {
  let requests = 0;
  return new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (name !== "get" && name !== "put") return member;
      return async (...parameters: readonly unknown[]): Promise<unknown> => {
        try {
          return await Reflect.apply(member as CheckpointStore["get"], target, parameters as never);
        } finally {
          requests += 1;
          if (String(requests) === dieAt) await die();
        }
      };
    },
  });
}
