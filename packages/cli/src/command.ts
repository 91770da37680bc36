import { Command, Option } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";

import type { CommandContext } from "./frame/command-context.ts";

/**
 * How a command of `holdpoint` is made. Each lives in a folder of its own, with two kinds of files:
 *
 * - `ls-command.ts` exports `lsCommand(context)`, which says what the command is called, takes and does, with examples.
 *   It is loaded at every start, also for `--help`, so it imports nothing but this file and types.
 * - The work itself is in files that the action imports when it runs; they may import whatever they need.
 *
 * `command-entries.ts` lists the commands, with the same summary. What an action may count on:
 *
 * - It ends well by returning, and with another exit code by throwing: a `CommandError` says which; the errors of core
 *   have theirs (`frame/exit-code.ts`). `context.exitCode` is for a command that did its work and found something bad.
 * - Data goes to `context.output`, and what is said about it to `context.messages`; both wait for a slow reader.
 * - Whatever a document or an error holds passes through `escapeControls` before it reaches a terminal, and JSON
 *   through `toJsonLine`.
 * - `context.signal` ends the command early (Ctrl-C). What must not be left half done runs in `context.finish`.
 * - `openCommandStore(context, options, access)` opens the store that `--store` or the environment names; a command
 *   that only looks asks for `"read"`, and changes nothing then.
 * - With `--json` standard output holds JSON only: one document, or one a line where there may be many. Errors are then
 *   JSON too, on standard error; the frame sees to it.
 *
 * @example
 * ```ts
 * export function lsCommand(context: CommandContext) {
 *   return storeCommand("ls", "what is paused, since when, and what is asked")
 *     .option("--older-than <age>", "only what has waited at least this long, such as 2h or 30d", parseAge)
 *     .addHelpText("after", examples(["holdpoint ls --older-than 2h", "what has waited for more than two hours"]))
 *     .action(async (options) => {
 *       const { listTasks } = await import("./list-tasks.ts");
 *       await listTasks(context, options);
 *     });
 * }
 * ```
 */
export type CommandFactory = (context: CommandContext) => {
  name(): string;
  copyInheritedSettings(source: CommandUnknownOpts): unknown;
};

/** A command that can answer in JSON. */
export function jsonCommand(name: string, summary: string) {
  return new Command(name).summary(summary).option("--json", "answer in JSON");
}

/** A command that can answer in JSON and works on one store. */
export function storeCommand(name: string, summary: string) {
  return jsonCommand(name, summary).addOption(
    new Option(
      "--store <url>",
      "the store's URL, or a directory (default: ASYA_CHECKPOINT_STORE, else ASYA_PERSISTENCE_MOUNT)",
    ),
  );
}

/** For commands that take the id of a task or of a hold. */
export function keptKind() {
  return new Option("--kind <kind>", "where a task and a hold have the same id: which is meant").choices([
    "task",
    "hold",
  ] as const);
}

/** The examples at the end of a command's help: what to type, and what it is for. */
export function examples(...lines: readonly (readonly [command: string, purpose: string])[]): string {
  return `\nExamples:\n${lines.map(([command, purpose]) => `  # ${purpose}\n  $ ${command}\n`).join("")}`;
}
