import { execFile } from "node:child_process";

/** How a program that was run to its end has ended, and everything that it printed. */
export interface ProgramOutput {
  readonly ok: boolean;
  readonly text: string;
}

const timeoutMs = 20_000;

/**
 * Runs a program that answers quickly. Never rejects.
 *
 * @example
 * ```ts
 * const { ok, text } = await programOutput("docker", ["info"]);
 * ```
 */
export async function programOutput(command: string, programArguments: readonly string[]): Promise<ProgramOutput> {
  return await new Promise((resolve) => {
    execFile(command, programArguments, { timeout: timeoutMs, killSignal: "SIGKILL" }, (error, stdout, stderr) => {
      const text = `${stdout}${stderr}`.trim();
      resolve({ ok: error === null, text: text === "" && error !== null ? error.message : text });
    });
  });
}
