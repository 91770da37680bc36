import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import type { LoadReport, LoadSize } from "../../tooling/load/src/run-load.ts";

const main = fileURLToPath(new URL("../../tooling/load/src/main.ts", import.meta.url));
const badStores = new URL("bad-stores-child.ts", import.meta.url).href;

/** How a run of the command ended. */
export interface EndedCommand {
  readonly exitCode: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs the load command to its end, in a process of its own that also knows the bad stores of this folder. */
export async function runLoadCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<EndedCommand> {
  const child = spawn(process.execPath, ["--import", badStores, main, ...args], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  const [output, errors, [exitCode, signal]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  if (signal !== null) throw new Error(`somebody ended the command with ${signal}`);
  return { exitCode, output, errors };
}

/** A run's report; throws if the command could not run. */
export async function measureLoad(
  storeUrl: string,
  { documents, inFlight, payloadBytes }: LoadSize,
  environment: Readonly<Record<string, string>> = {},
): Promise<LoadReport & { readonly exitCode: number | null }> {
  const sizes = { documents, "in-flight": inFlight, "payload-bytes": payloadBytes };
  const args = Object.entries(sizes).flatMap(([name, count]) => [`--${name}`, String(count)]);
  const { exitCode, output, errors } = await runLoadCommand(["--store", storeUrl, "--json", ...args], environment);
  if (output === "") throw new Error(`exit code ${exitCode}: ${errors}`);
  return { ...(JSON.parse(output) as LoadReport), exitCode };
}
