import type { PauseLedger, TaskDetails } from "@holdpoint/asya";
import type { HoldDetails, Holds } from "@holdpoint/core/holds";
import type { CheckpointStore } from "@holdpoint/core";
import { createPauseLedger, documentKey } from "@holdpoint/asya";
import { createHolds, HoldError } from "@holdpoint/core/holds";

import { CommandError } from "./command-error.ts";
import { exitCodes } from "./exit-code.ts";
import { requireHold } from "./require-hold.ts";
import { requireTask } from "./require-task.ts";

/** What waits, or has waited, under an id: a task of the mesh, or a hold of a program. */
export type Kept =
  | { readonly kind: "task"; readonly ledger: PauseLedger; readonly task: TaskDetails }
  | { readonly kind: "hold"; readonly holds: Holds; readonly hold: HoldDetails };

/**
 * The task or the hold that an id stands for.
 *
 * @param kind which of them is meant
 * @throws {CommandError} if there is none, or one of each
 */
export async function findKept(
  store: CheckpointStore,
  id: string,
  kind: Kept["kind"] | undefined,
  signal: AbortSignal,
): Promise<Kept> {
  const holds = createHolds(store);
  const ledger = createPauseLedger(store);
  if (kind === "hold") return { kind, holds, hold: await requireHold(holds, store, id, signal) };
  const hold = kind === "task" ? null : await inspectHold(holds, id, signal);
  if (hold === null) return { kind: "task", ledger, task: await requireTask(ledger, store, id, signal) };
  // The ledger would search for what has this id besides its own, which is not what anybody means here.
  if ((await store.get(documentKey(id), { signal })) === null) return { kind: "hold", holds, hold };
  throw new CommandError(
    exitCodes.usage,
    `There is both a task and a hold ${JSON.stringify(id)} at ${store.location}: say which by --kind task or --kind hold.`,
  );
}

async function inspectHold(holds: Holds, id: string, signal: AbortSignal): Promise<HoldDetails | null> {
  try {
    return await holds.inspect(id, { signal });
  } catch (error) {
    // What no hold can be called may be a task's id.
    if (HoldError.is(error, "invalid-argument")) return null;
    throw error;
  }
}
