import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

import { isServed } from "../../../../packages/actors/src/free-socket.ts";
import type { ProcessMemory } from "../../../servers/src/process-memory.ts";
import { processMemory } from "../../../servers/src/process-memory.ts";

const pollMs = 10;

/** A process that serves on a socket. */
export interface ServedProcess extends AsyncDisposable {
  memory(): ProcessMemory;
}

/** Starts Node with these arguments, and waits until it can be dialled. */
export async function startServed(
  nodeArguments: readonly string[],
  socketPath: string,
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<ServedProcess> {
  const child = spawn(process.execPath, nodeArguments, { ...options, stdio: "ignore" });
  const closed = once(child, "close");
  while (!(await isServed(socketPath))) {
    if (child.exitCode !== null) throw new Error(`The process for ${socketPath} ended with code ${child.exitCode}.`);
    await delay(pollMs);
  }
  return {
    memory: () => processMemory(child.pid),
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await closed;
    },
  };
}
