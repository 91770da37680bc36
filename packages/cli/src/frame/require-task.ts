import type { PauseLedger, TaskDetails } from "@holdpoint/asya";
import type { CheckpointStore } from "@holdpoint/core";
import { documentKey } from "@holdpoint/asya";
import { createHolds } from "@holdpoint/core/holds";

import { CommandError } from "./command-error.ts";
import { exitCodes } from "./exit-code.ts";

/**
 * The task that an id stands for, whichever of its ids that is.
 *
 * @throws {CommandError} if there is none
 */
export async function requireTask(
  ledger: PauseLedger,
  store: CheckpointStore,
  id: string,
  signal: AbortSignal,
): Promise<TaskDetails> {
  const task = await ledger.inspect(id, { signal });
  if (task !== null) return task;
  const hold = await createHolds(store)
    .inspect(id, { signal })
    .catch(() => undefined);
  const name = JSON.stringify(id);
  if (hold !== null && hold !== undefined) {
    throw new CommandError(
      exitCodes.notFound,
      `There is no task ${name} at ${store.location}, but a hold: holdpoint answer answers it.`,
    );
  }
  const ids = id.startsWith("resume-") ? [id, id.slice("resume-".length)] : [id];
  const keys = ids.map((each) => JSON.stringify(documentKey(each))).join(" and ");
  throw new CommandError(
    exitCodes.notFound,
    `There is no task ${name}: looked for ${keys} at ${store.location}, and for a task that has this id besides its own${hold === null ? "; nor is there a hold" : ""}. It has never paused, was pruned, or is in another store; holdpoint ls --state all lists what is there.`,
  );
}
