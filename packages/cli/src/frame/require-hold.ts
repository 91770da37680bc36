import { createPauseLedger } from "@holdpoint/asya";
import type { CheckpointStore } from "@holdpoint/core";
import type { HoldDetails, Holds } from "@holdpoint/core/holds";

import { CommandError } from "./command-error.ts";
import { exitCodes } from "./exit-code.ts";

/**
 * The hold of an id.
 *
 * @throws {CommandError} if there is none
 */
export async function requireHold(
  holds: Holds,
  store: CheckpointStore,
  id: string,
  signal: AbortSignal,
): Promise<HoldDetails> {
  const hold = await holds.inspect(id, { signal });
  if (hold !== null) return hold;
  const name = JSON.stringify(id);
  const task = await createPauseLedger(store)
    .inspect(id, { signal })
    .catch(() => undefined);
  if (task !== null && task !== undefined) {
    throw new CommandError(
      exitCodes.notFound,
      `There is no hold ${name} at ${store.location}, but a task: holdpoint resume answers it.`,
    );
  }
  throw new CommandError(
    exitCodes.notFound,
    `There is no hold ${name}: looked for ${JSON.stringify(`holds/${id}.json`)} at ${store.location}${task === null ? "; nor is there a task" : ""}. It was never asked, was forgotten, or is in another store; holdpoint ls --state all lists what is there.`,
  );
}
