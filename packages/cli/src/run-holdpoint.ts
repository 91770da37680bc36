import { CommanderError } from "@commander-js/extra-typings";

import type { CommandContext } from "./frame/command-context.ts";
import { ProcessContext } from "./frame/command-context.ts";
import { CommandError } from "./frame/command-error.ts";
import { escapeControls, toJsonLine } from "./frame/escape-controls.ts";
import type { ExitCode } from "./frame/exit-code.ts";
import type { ExplainedError } from "./frame/explain-error.ts";
import { exitCodes } from "./frame/exit-code.ts";
import { OutputClosedError } from "./frame/output.ts";
import { createProgram } from "./program.ts";

/** Runs the command that the arguments name as this process, and ends the process. */
export async function runHoldpoint(parameters: readonly string[]): Promise<never> {
  process.exit(await runParameters(new ProcessContext(parameters), parameters));
}

/** Runs the command that the arguments name, says what went wrong, and resolves to the exit code. */
export async function runParameters(context: CommandContext, parameters: readonly string[]): Promise<ExitCode> {
  let json = false;
  const named = parameters.find((parameter) => !parameter.startsWith("-")) ?? "";
  try {
    const program = await createProgram(context, [named]);
    program.hook("preAction", (_program, command) => {
      json = Object.hasOwn(command.opts(), "json");
    });
    await program.parseAsync(parameters, { from: "user" });
  } catch (error) {
    return await report(error, context, json);
  }
  return context.exitCode;
}

async function report(error: unknown, context: CommandContext, json: boolean): Promise<ExitCode> {
  // Help and version come this way too.
  if (error instanceof CommanderError) {
    await context.messages.tell(escapeControls(await context.redact(context.usage.join("")), "lines"));
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  }
  if (error instanceof OutputClosedError) return exitCodes.ok;
  if (context.interruption !== undefined && context.signal.aborted) return context.interruption;
  const { code, exitCode, message: told } = await explain(error);
  const message = await context.redact(told ?? (error instanceof Error ? error.message : String(error)));
  const line = json
    ? toJsonLine({ error: { code, exitCode, message } })
    : `${context.messages.style("red", "holdpoint:")} ${shown(error, message)}\n`;
  await context.messages.tell(line);
  return exitCode;
}

/** Only our own messages have lines; in others a line break may come from a document. */
function shown(error: unknown, message: string): string {
  return escapeControls(message, error instanceof CommandError ? "lines" : "nothing");
}

async function explain(error: unknown): Promise<ExplainedError> {
  if (error instanceof CommandError) return { code: nameOf(error.exitCode), exitCode: error.exitCode };
  const { explainError } = await import("./frame/explain-error.ts");
  return explainError(error);
}

function nameOf(exitCode: ExitCode): string {
  const [name = ""] = Object.entries(exitCodes).find(([, code]) => code === exitCode) ?? [];
  return name.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`);
}
