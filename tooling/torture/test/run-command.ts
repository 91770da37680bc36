import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/** The torture command in a process of its own. */
export interface RunningCommand {
  readonly pid: number | undefined;
  /** All that it has printed so far. */
  readonly output: () => string;
  /** Resolves once it has printed this. */
  readonly printed: (text: string) => Promise<void>;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Its exit code, once it has ended. */
  readonly exited: Promise<number | null>;
}

/** Runs the command as a person does. */
export function runCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): RunningCommand {
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      child.emit("printed");
    });
  }
  const exited = once(child, "exit").then(([code]) => code as number | null);
  return {
    pid: child.pid,
    output: () => output,
    printed: async (text) => {
      while (!output.includes(text)) {
        const ended = await Promise.race([once(child, "printed").then(() => false), exited.then(() => true)]);
        if (ended && !output.includes(text)) throw new Error(`It ended without ${JSON.stringify(text)}:\n${output}`);
      }
    },
    kill: (signal) => void child.kill(signal),
    exited,
  };
}
