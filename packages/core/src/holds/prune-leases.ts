import type { OperationOptions } from "../store/checkpoint-store.ts";
import { holdIdOfLease, leasePrefix } from "./hold-id.ts";
import type { ProgramMachine } from "./program-machine.ts";

/** Takes away the signs of life of workers that died before they could. */
export async function pruneLeases(machine: ProgramMachine, options: OperationOptions): Promise<void> {
  for await (const { key } of machine.store.list({ ...options, prefix: leasePrefix })) {
    const id = holdIdOfLease(key);
    const document = id === undefined ? undefined : (await machine.load(id, options))?.document;
    const isNeeded = document?.state === "acting" || document?.state === "in-doubt";
    if (id !== undefined && !isNeeded) await machine.store.delete(key, options);
  }
}
