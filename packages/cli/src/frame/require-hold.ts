import type { HoldDetails, Holds } from "@holdpoint/core/holds";
import type { CheckpointStore } from "@holdpoint/core";

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
  throw new CommandError(
    exitCodes.notFound,
    `There is no hold ${JSON.stringify(id)}: looked for ${JSON.stringify(`holds/${id}.json`)} at ${store.location}. It was never asked, was forgotten, or is in another store; holdpoint ls --state all lists what is there. A paused task is answered by holdpoint resume.`,
  );
}
