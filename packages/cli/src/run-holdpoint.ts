import { CommanderError } from "@commander-js/extra-typings";

import { ProcessContext } from "./frame/command-context.ts";
import { CommandError } from "./frame/command-error.ts";
import { escapeControls, toJsonLine } from "./frame/escape-controls.ts";
import type { ExitCode } from "./frame/exit-code.ts";
import { exitCodes } from "./frame/exit-code.ts";
import { OutputClosedError } from "./frame/output.ts";
import { createProgram } from "./program.ts";

/** Runs the command that the arguments name as this process, and ends the process. */
export async function runHoldpoint(parameters: readonly string[]): Promise<never> {
  const context = new ProcessContext();
  let json = false;
  const program = createProgram(context).hook("preAction", (_program, command) => {
    json = Object.hasOwn(command.opts(), "json");
  });
  try {
    await program.parseAsync(parameters, { from: "user" });
  } catch (error) {
    context.exitCode = await report(error, context, json);
  }
  process.exit(context.exitCode);
}

async function report(error: unknown, context: ProcessContext, json: boolean): Promise<ExitCode> {
  // Help and version come this way too. What is wrong with a command line has been said already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof OutputClosedError) return exitCodes.ok;
  if (context.interruption !== undefined && context.signal.aborted) return context.interruption;
  const { code, exitCode } = await explain(error);
  const message = error instanceof Error ? error.message : String(error);
  const shown = json
    ? toJsonLine({ error: { code, exitCode, message } })
    : `${context.messages.style("red", "holdpoint:")} ${escapeControls(message, "lines")}\n`;
  await context.messages.tell(shown);
  return exitCode;
}

async function explain(error: unknown): Promise<{ readonly code: string; readonly exitCode: ExitCode }> {
  if (error instanceof CommandError) return { code: "command", exitCode: error.exitCode };
  const { explainError } = await import("./frame/explain-error.ts");
  return explainError(error);
}
