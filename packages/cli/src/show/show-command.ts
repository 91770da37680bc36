import { examples, keptKind, storeCommand } from "../command.ts";
import type { CommandContext } from "../frame/command-context.ts";

/** `holdpoint show` */
export function showCommand(context: CommandContext) {
  return storeCommand("show", "everything that is known of one task or hold")
    .description(
      "Shows one task: its state, what is asked, where it goes next, its history, and the message that is kept. Or one hold: its state, its question and content, its answer, who acts, the receipt, and its log.",
    )
    .argument(
      "<id>",
      "the hold's id, or any id of the task: its own, its A2A id, resume-<id>, or the id it was resumed under",
    )
    .addOption(keptKind())
    .addHelpText(
      "after",
      examples(
        ["holdpoint show task-1", "what is asked, and what the answer will be merged into"],
        ["holdpoint show task-1 --json | jq .message.payload", "the payload alone"],
      ),
    )
    .action(async (id, options) => {
      const { showTask } = await import("./show-task.ts");
      await showTask(context, id, options);
    });
}
