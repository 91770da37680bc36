import type { CheckpointStore } from "@holdpoint/core";
import { openStore } from "@holdpoint/core";

import type { Environment } from "./serving-environment.ts";
import { quoteValue } from "./serving-environment.ts";
import { ActorSetupError } from "./setup-error.ts";

/** A store that the environment names. */
export interface ConfiguredStore {
  /** The variable, or variables, that name it. */
  readonly variable: string;
  /** What `openStore` takes: a URL, which may hold a password, or a directory. */
  readonly from: string;
  /** The same without credentials, for people. */
  readonly shown: string;
}

/**
 * Opens the store that the environment names.
 *
 * @example
 * ```ts
 * const store = await openConfiguredStore(readStoreSetting(process.env), process.env);
 * ```
 * @throws {ActorSetupError} that names the variable and says why the store cannot be used
 */
export async function openConfiguredStore(
  { variable, from, shown }: ConfiguredStore,
  environment: Environment,
): Promise<CheckpointStore> {
  try {
    return await openStore(from, { environment });
  } catch (error) {
    const expected = "a store that can be used";
    throw new ActorSetupError([{ variable, found: quoteValue(shown), expected, detail: (error as Error).message }]);
  }
}
