import { CheckpointError } from "../store/checkpoint-error.ts";
import type { OperationOptions } from "../store/checkpoint-store.ts";
import { HoldError } from "./hold-error.ts";
import { leaseKey } from "./hold-id.ts";
import { programDocuments } from "./program-documents.ts";
import type { ProgramMachine } from "./program-machine.ts";
import { isHold, stateOf } from "./view-hold.ts";

/** {@link Holds.forget} */
export async function forgetHold(machine: ProgramMachine, id: string, options: OperationOptions): Promise<boolean> {
  const { store } = machine;
  const located = await machine.load(id, options);
  if (!isHold(located?.document)) return false;
  if (programDocuments.endedAt(located.document) === undefined) {
    throw new HoldError(
      "not-ended",
      `The hold ${JSON.stringify(id)} is ${stateOf(located.document)}, and only one that has ended can be forgotten. Cancel it, or settle it, first.`,
      { id },
    );
  }
  await store.delete(leaseKey(id), options);
  if (store.capabilities.conditionalDelete) {
    try {
      return await store.delete(located.key, { ...options, ifVersion: located.version });
    } catch (error) {
      // Pruned or forgotten meanwhile; what has ended goes nowhere else.
      if (CheckpointError.is(error, "conflict")) return await forgetHold(machine, id, options);
      throw error;
    }
  }
  // Without a condition, a delete could take a question with it that was asked since.
  const { verdict } = await machine.change<boolean>(
    {
      operation: "forget",
      id,
      find: (loadOptions) => machine.load(id, loadOptions),
      judge: (now) =>
        now !== undefined && programDocuments.endedAt(now.document) !== undefined
          ? { verdict: true, next: { state: "forgotten", id, log: [], logCut: 0 } }
          : { verdict: false },
    },
    options,
  );
  return verdict;
}
