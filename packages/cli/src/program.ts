import { readFileSync } from "node:fs";

import { Command } from "@commander-js/extra-typings";

import { cancelCommand } from "./cancel/cancel-command.ts";
import { examples } from "./command.ts";
import type { CommandFactory } from "./command.ts";
import { copyCommand } from "./copy/copy-command.ts";
import { completionCommand } from "./completion/completion-command.ts";
import type { CommandContext } from "./frame/command-context.ts";
import { escapeControls } from "./frame/escape-controls.ts";
import { lsCommand } from "./list/ls-command.ts";
import { pruneCommand } from "./prune/prune-command.ts";
import { resumeCommand } from "./resume/resume-command.ts";
import { showCommand } from "./show/show-command.ts";

const commands: readonly CommandFactory[] = [
  lsCommand,
  showCommand,
  resumeCommand,
  cancelCommand,
  pruneCommand,
  copyCommand,
  completionCommand,
];

function version(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}

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
    .version(version(), "--version")
    .helpCommand(false)
    .showHelpAfterError("(holdpoint --help says more)")
    // A mistyped argument may have been copied from a document.
    .configureOutput({ writeErr: (text) => process.stderr.write(escapeControls(text, "lines")) })
    .exitOverride();
  for (const create of commands) {
    const command = create(context) as Command;
    command.copyInheritedSettings(program);
    program.addCommand(command);
  }
  return program;
}
