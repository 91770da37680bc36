import { spawn } from "node:child_process";
import { once } from "node:events";

/**
 * Runs a shell command to its end. What it prints as an error goes to this process's own error output.
 *
 * @throws {Error} if it fails
 */
export async function runShellCommand(command: string): Promise<void> {
  // No pipes: a server that the command leaves behind would keep them open, and end with them.
  const child = spawn(command, { shell: true, stdio: ["ignore", "ignore", "inherit"] });
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  if (code !== 0) throw new Error(`The command ${JSON.stringify(command)} ended with ${signal ?? `code ${code}`}.`);
}
