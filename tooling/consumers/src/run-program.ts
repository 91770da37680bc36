import { execFile } from "node:child_process";

/** Where and with what a program runs. */
export interface ProgramPlace {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** @default 240_000 */
  readonly timeoutMs?: number | undefined;
}

/** What a program printed. */
export interface ProgramOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end.
 *
 * @throws {Error} with all that it printed, if it fails or takes too long
 */
export async function runProgram(
  [command, ...parameters]: readonly [string, ...string[]],
  { cwd, env, timeoutMs = 240_000 }: ProgramPlace,
): Promise<ProgramOutput> {
  const options = {
    cwd,
    // The repository's own settings of Node.js are not the consumer's.
    env: { ...process.env, NODE_OPTIONS: undefined, NODE_PATH: undefined, VITEST: undefined, ...env },
    timeout: timeoutMs,
    maxBuffer: 64 * 1024 ** 2,
  };
  return await new Promise((resolve, reject) => {
    execFile(command, parameters, options, (error, stdout, stderr) => {
      if (error === null) resolve({ stdout, stderr });
      else reject(new Error(`${command} ${parameters.join(" ")}: ${error.message}\n${stdout}\n${stderr}`));
    });
  });
}
