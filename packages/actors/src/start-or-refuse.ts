import { redactCredentials } from "@holdpoint/core";

import type { Environment } from "./serving-environment.ts";
import { storeValuesOf } from "./serving-environment.ts";
import { ActorSetupError } from "./setup-error.ts";

// https://man.freebsd.org/cgi/man.cgi?sysexits
const wrongConfigurationExitCode = 78;

/**
 * Starts what this process is for. If anything of the environment is wrong, prints one message that lists it all, and
 * ends the process with exit code 78. A signal that comes meanwhile ends it at once.
 *
 * @example
 * ```ts
 * await startOrRefuse("state-proxy", async () => void (await serveStateProxy(await openStore(url), options)));
 * ```
 * @throws what `start` throws that is no {@link ActorSetupError}
 */
export async function startOrRefuse(name: string, start: () => Promise<void>): Promise<void> {
  // A container's first process would otherwise ignore the signal while the store is being opened.
  process.once("SIGTERM", exitAtOnce);
  try {
    await start();
    process.off("SIGTERM", exitAtOnce);
  } catch (error) {
    if (!(error instanceof ActorSetupError)) throw error;
    // For a person's eyes, so it is plain text rather than a log line.
    process.stderr.write(refusalToStart(name, error, process.env));
    process.exit(wrongConfigurationExitCode);
  }
}

/** Why an actor does not start, as it is printed: without what the environment has in it of passwords. */
export function refusalToStart(name: string, error: ActorSetupError, environment: Environment): string {
  return `${name} cannot start. ${redactCredentials(error.message, storeValuesOf(environment))}\n`;
}

function exitAtOnce(): void {
  process.exit(0);
}
