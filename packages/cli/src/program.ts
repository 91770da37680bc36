import { Command } from "@commander-js/extra-typings";

import { examples } from "./command.ts";
import type { CommandFactory } from "./command.ts";
import { copyCommand } from "./copy/copy-command.ts";
import type { CommandContext } from "./frame/command-context.ts";
import { lsCommand } from "./list/ls-command.ts";

const commands: readonly CommandFactory[] = [lsCommand, copyCommand];

/** The program with all its commands. */
export function createProgram(context: CommandContext): Command {
  const program = new Command("holdpoint")
    .description("See and answer what waits for a person, in whatever store it is kept.")
    .addHelpText(
      "after",
      examples(
        ["holdpoint ls --store s3://asya-checkpoints", "what is paused"],
        ["holdpoint resume task-1 -- ./send-to-queue", "answer a task, and hand its message to a command"],
      ),
    )
    .helpCommand(false)
    .showHelpAfterError("(holdpoint --help says more)")
    .exitOverride();
  for (const create of commands) {
    const command = create(context) as Command;
    command.copyInheritedSettings(program);
    program.addCommand(command);
  }
  return program;
}
