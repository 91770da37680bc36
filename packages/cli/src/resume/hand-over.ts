import { spawn } from "node:child_process";

import type { CommandContext } from "../frame/command-context.ts";
import { CommandError } from "../frame/command-error.ts";
import type { ExitCode } from "../frame/exit-code.ts";
import { exitCodes } from "../frame/exit-code.ts";

/**
 * Hands a message to standard output, or to a command on its standard input.
 *
 * @throws {CommandError} if it did not arrive: nobody reads it, or the command fails
 */
export async function handOver(context: CommandContext, message: string, command: readonly string[]): Promise<void> {
  const [program, ...parameters] = command;
  if (program !== undefined) return await handToCommand(message, program, parameters);
  try {
    await context.output.write(message);
  } catch (error) {
    throw notHandedOver(
      exitCodes.notHandedOver,
      `its message could not be written (${(error as Error).message})`,
      error,
    );
  }
}

async function handToCommand(message: string, program: string, parameters: readonly string[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number | null; signal: NodeJS.Signals | null }>();
  const child = spawn(program, parameters, { stdio: ["pipe", "inherit", "inherit"] });
  child.on("error", reject);
  child.on("close", (code, signal) => resolve({ code, signal }));
  // A command may end without reading everything; whether it has done its work, its exit code tells.
  child.stdin.on("error", () => undefined);
  child.stdin.end(message);
  // A terminal sends Ctrl-C to both of us, but whoever ends a service knows of this process alone.
  const pass = (): unknown => child.kill("SIGTERM");
  process.on("SIGTERM", pass);
  try {
    const { code, signal } = await promise;
    if (code === 0) return;
    const interrupted = signal === "SIGINT" || code === exitCodes.interrupted;
    const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
    throw notHandedOver(
      interrupted ? exitCodes.interrupted : exitCodes.notHandedOver,
      `the command ${JSON.stringify(program)} that was to take its message ${how}`,
    );
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw notHandedOver(
      exitCodes.notHandedOver,
      `the command ${JSON.stringify(program)} that was to take its message could not be started: ${(error as Error).message}`,
      error,
    );
  } finally {
    process.off("SIGTERM", pass);
  }
}

function notHandedOver(exitCode: ExitCode, problem: string, cause?: unknown): CommandError {
  return new CommandError(
    exitCode,
    `The task is claimed, but ${problem}. The same call again, with the same input and --by, hands over the same message.`,
    { cause },
  );
}
