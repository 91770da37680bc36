import { readStoreSetting } from "@holdpoint/actors";
import type { CheckpointStore } from "@holdpoint/core";
import { openStore } from "@holdpoint/core";

import type { CommandContext } from "./command-context.ts";

/** The option that {@link storeCommand} adds. */
export interface StoreChoice {
  readonly store?: string | undefined;
}

/**
 * Opens the store that `--store` names, else the environment, as it does for the actors.
 *
 * @throws {ActorSetupError} if neither names one
 * @throws {CheckpointError} what `openStore` throws
 */
export async function openCommandStore(
  { environment }: CommandContext,
  { store }: StoreChoice,
): Promise<CheckpointStore> {
  return await openStore(store ?? readStoreSetting(environment).from, { environment });
}
