import { readFileSync } from "node:fs";

import { Command } from "@commander-js/extra-typings";

import { commandEntries, programHelp } from "./command-entries.ts";
import type { CommandContext } from "./frame/command-context.ts";

/** The program, with those commands whole that `names` has; of the others it knows the names. */
export async function createProgram(context: CommandContext, names: readonly string[]): Promise<Command> {
  const program = new Command("holdpoint")
    .version(version(), "--version")
    .helpCommand(false)
    .showHelpAfterError("(holdpoint --help says more)")
    .configureOutput({ writeErr: (text) => context.usage.push(text) })
    .exitOverride();
  program.helpInformation = programHelp;
  for (const { name, load } of commandEntries) {
    const command = names.includes(name) ? ((await load())(context) as Command) : new Command(name);
    command.copyInheritedSettings(program);
    if (command.registeredArguments[0]?.name() === "id") {
      command.showHelpAfterError("(holdpoint --help says more; an id that begins with - stands after --)");
    }
    program.addCommand(command);
  }
  return program;
}

function version(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
