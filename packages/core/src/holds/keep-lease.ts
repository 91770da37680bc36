import type { OperationOptions } from "../store/checkpoint-store.ts";
import { leaseKey } from "./hold-id.ts";
import type { Claim } from "./hold-document.ts";
import type { ProgramMachine } from "./program-machine.ts";

/** How often a worker shows during its lease that it lives. */
const renewalsPerLease = 3;

/** A worker's sign of life, until it is stopped. */
export interface Lease {
  /** Ends the signs, and takes away what they left. Never rejects. */
  stop(): Promise<void>;
}

/**
 * Shows that a worker lives, by raising a counter beside the hold's document: the document's own version stays, so that
 * the receipt needs no read. Work that ends within a third of its lease costs no request.
 *
 * @param onLost told once the hold is found to be somebody else's
 */
export function keepLease(
  machine: ProgramMachine,
  id: string,
  { token, leaseMs }: Claim,
  options: OperationOptions,
  onLost: () => void,
): Lease {
  const { environment, store } = machine;
  const stopped = new AbortController();
  let count = 0;
  const renew = async (): Promise<void> => {
    for (;;) {
      await environment.sleep(leaseMs / renewalsPerLease, stopped.signal);
      if (stopped.signal.aborted) return;
      try {
        const document = (await machine.load(id, options))?.document;
        const isOwn =
          (document?.state === "acting" || document?.state === "in-doubt") && document.claim.token === token;
        if (!isOwn) {
          onLost();
          return;
        }
        count += 1;
        await store.put(leaseKey(id), new TextEncoder().encode(JSON.stringify({ token, count })), options);
      } catch {
        // The next one may get through; whoever watches waits for the whole lease.
      }
    }
  };
  const renewing = renew();
  return {
    async stop() {
      stopped.abort();
      await renewing;
      // What stays behind is small, and prune takes it.
      if (count > 0) await store.delete(leaseKey(id), options).catch(() => false);
    },
  };
}
