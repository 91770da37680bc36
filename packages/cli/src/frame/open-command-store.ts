import { ActorSetupError, readStoreSetting } from "@holdpoint/actors";
import type { StoreSetting } from "@holdpoint/actors";
import type { CheckpointStore } from "@holdpoint/core";
import { CheckpointError, openStore } from "@holdpoint/core";

import type { CommandContext } from "./command-context.ts";
import { CommandError } from "./command-error.ts";
import { exitCodes } from "./exit-code.ts";

/** The option that `storeCommand` adds. */
export interface StoreChoice {
  readonly store?: string | undefined;
}

/**
 * Opens the store that `--store` names, else the environment, as it does for the actors.
 *
 * @param access `"read"` for a command that only looks, so that it changes nothing
 * @throws {CommandError} if neither names one, or if the package of its backend is not installed
 * @throws {CheckpointError} what `openStore` throws
 */
export async function openCommandStore(
  { environment }: CommandContext,
  { store }: StoreChoice,
  access: "read" | "write",
): Promise<CheckpointStore> {
  try {
    return await openStore(store ?? configuredStore(environment), { environment, access });
  } catch (error) {
    throw withInstallHint(error);
  }
}

function configuredStore(environment: CommandContext["environment"]): StoreSetting["from"] {
  try {
    return readStoreSetting(environment).from;
  } catch (error) {
    if (!(error instanceof ActorSetupError)) throw error;
    const problems = error.problems.map(
      ({ variable, found, expected }) => `${variable}: found ${found}, expected ${expected}.`,
    );
    throw new CommandError(
      exitCodes.usage,
      `No store is named. Give --store <url>, or set what the actors read: ${problems.join(" ")}`,
      {
        cause: error,
      },
    );
  }
}

/** What to type where the command itself was not installed but is run by npx. */
function withInstallHint(error: unknown): unknown {
  const missing = CheckpointError.is(error, "invalid-argument")
    ? /^The package (\S+) is not installed/u.exec(error.message)?.[1]
    : undefined;
  if (missing === undefined) return error;
  return new CommandError(
    exitCodes.usage,
    `The package ${missing}, which this store needs, is not installed. Install it where holdpoint is installed (npm install ${missing}), or name both: npx -p @holdpoint/cli -p ${missing} holdpoint ...`,
    { cause: error },
  );
}
