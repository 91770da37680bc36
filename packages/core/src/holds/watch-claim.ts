import { CheckpointError } from "../store/checkpoint-error.ts";
import type { OperationOptions } from "../store/checkpoint-store.ts";
import { leaseKey } from "./hold-id.ts";
import type { Claim } from "./hold-document.ts";
import type { ProgramMachine } from "./program-machine.ts";

/** How often a worker's counter is looked at during its lease. */
const looksPerLease = 4;

/** After so many looks in a row that failed, the store is down rather than slow. */
const maxFailures = 10;

/**
 * Watches whoever acts on a hold: `changed` once the hold is not theirs any more, `silent` once neither the hold nor the
 * worker's counter has changed for the length of the lease, on this process's own clock that only goes forward. No two
 * clocks are compared. A look that failed, or came late because this process stood still, begins the watch anew.
 *
 * @throws {CheckpointError} what `CheckpointStore.get` throws
 */
export async function watchClaim(
  machine: ProgramMachine,
  id: string,
  { token, leaseMs }: Claim,
  options: OperationOptions,
): Promise<"changed" | "silent"> {
  const { environment, store } = machine;
  const intervalMs = leaseMs / looksPerLease;
  let failures = 0;
  let unchanged: { readonly seen: string; readonly sinceMs: number } | undefined;
  let lookedMs = environment.monotonicMs();
  for (;;) {
    options.signal?.throwIfAborted();
    const beganMs = environment.monotonicMs();
    if (beganMs - lookedMs > 2 * intervalMs) unchanged = undefined;
    try {
      const located = await machine.load(id, options);
      const document = located?.document;
      if (document?.state !== "acting" || document.claim.token !== token) return "changed";
      const lease = await store.get(leaseKey(id), options);
      const seen = `${located?.version} ${lease === null ? "" : new TextDecoder().decode(lease.body)}`;
      lookedMs = environment.monotonicMs();
      failures = 0;
      if (unchanged?.seen !== seen) unchanged = { seen, sinceMs: lookedMs };
      // From the end of the first look to the beginning of this one: what lies between was surely watched.
      else if (beganMs - unchanged.sinceMs >= leaseMs) return "silent";
    } catch (error) {
      failures += 1;
      unchanged = undefined;
      lookedMs = environment.monotonicMs();
      if (!CheckpointError.is(error) || !error.retryable || failures === maxFailures) throw error;
    }
    await environment.sleep(intervalMs * (0.8 + 0.2 * environment.random()), options.signal);
  }
}
