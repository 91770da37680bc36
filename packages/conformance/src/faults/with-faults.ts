import type { CheckpointStore, StoreOptions } from "@holdpoint/core";

import type { CaseContext } from "../conformance-case.ts";
import type { ConformanceHarness } from "../conformance-harness.ts";
import { bodyOf } from "../expect/body-of.ts";
import { fail } from "../expect/fail.ts";
import { settlesWithin } from "../expect/settles-within.ts";
import type { RequestFault } from "./fault.ts";
import type { FaultProxy } from "./fault-proxy.ts";
import { startFaultProxy } from "./fault-proxy.ts";
import { passingErrorsOf } from "./passing-errors.ts";

/** What a case about faults works with. */
export interface FaultRig {
  readonly proxy: FaultProxy;
  /** The store under test, through the proxy. */
  readonly store: CheckpointStore;
  /** Another client of the same namespace, which the faults do not reach. */
  readonly direct: CheckpointStore;
  /** Another client through the proxy. */
  readonly open: () => Promise<CheckpointStore>;
}

const closeTimeoutMs = 5_000;

/** Runs `work` with a store that is reached through a proxy. */
export async function withFaults(
  { harness, namespace, store: direct, watch }: CaseContext,
  options: StoreOptions,
  work: (rig: FaultRig) => Promise<void>,
): Promise<void> {
  const { faults } = harness;
  if (faults === undefined) throw new Error("the harness has no faults");
  await using proxy = await startFaultProxy(faults);
  const stores: CheckpointStore[] = [];
  const open = async (): Promise<CheckpointStore> => {
    const store = watch(await faults.open(namespace, proxy.address, options));
    stores.push(store);
    return store;
  };
  try {
    const store = await open();
    await warmUp(direct, store);
    await work({ proxy, store, direct, open });
    assertCaused(proxy);
    await proxy.clear();
  } finally {
    // How closing fails or hangs is for the cases on the lifecycle to say.
    await Promise.allSettled(stores.map((store) => settlesWithin("close", closeTimeoutMs, store.close())));
  }
}

/** The first requests of a client, and the first to a server, may be others than those that follow. */
async function warmUp(direct: CheckpointStore, store: CheckpointStore): Promise<void> {
  await direct.put("warm-up", bodyOf("a"));
  await store.get("warm-up");
  await direct.delete("warm-up");
}

/** A proxy that does not understand what is said would let every store pass. */
function assertCaused({ waiting, injected, requests }: FaultProxy): void {
  if (waiting === 0 && requests.length > 0 && Object.keys(injected).length > 0) return;
  throw fail(
    `the proxy has not seen the requests that it waited for, but ${requests.length} others; does the harness name the right target and protocol?`,
  );
}

/** The passing errors that the proxy answers with here. */
export function errorFaults({ faults }: ConformanceHarness): readonly RequestFault[] {
  return faults === undefined ? [] : passingErrorsOf(faults).map((error) => `answer:${error}` as const);
}
