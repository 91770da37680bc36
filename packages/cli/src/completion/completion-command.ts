import { Argument, Command } from "@commander-js/extra-typings";

import { examples } from "../command.ts";
import type { CommandContext } from "../frame/command-context.ts";

/** `holdpoint completion` */
export function completionCommand(context: CommandContext) {
  return new Command("completion")
    .summary("print what makes a shell complete this program's commands")
    .description("Prints a script that makes a shell complete commands, options and their values.")
    .addArgument(new Argument("<shell>", "for which shell").choices(["bash", "zsh", "fish"] as const))
    .addHelpText(
      "after",
      examples(
        ["source <(holdpoint completion bash)", "in ~/.bashrc"],
        ["source <(holdpoint completion zsh)", "in ~/.zshrc, after compinit"],
        ["holdpoint completion fish | source", "in ~/.config/fish/config.fish"],
      ),
    )
    .action(async (shell) => {
      const { completionScript } = await import("./completion-script.ts");
      const { commandEntries } = await import("../command-entries.ts");
      const { createProgram } = await import("../program.ts");
      const names = commandEntries.map(({ name }) => name);
      await context.output.write(completionScript(await createProgram(context, names), shell));
    });
}
