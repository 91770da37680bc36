import { examples, keptKind, storeCommand } from "../command.ts";
import type { CommandContext } from "../frame/command-context.ts";

/** `holdpoint cancel` */
export function cancelCommand(context: CommandContext) {
  return storeCommand("cancel", "end a paused task or a hold for good")
    .description(
      "Ends a paused task: it can never be resumed, and its message is kept only to be looked at. At a terminal it is shown first, and canceled once that is confirmed. A task that was canceled before is no error. A gateway knows nothing of that; with --via the task is canceled there as well. A hold that nobody acts on is ended the same way: nobody can answer it or act on it then.",
    )
    .argument("<id>", "the hold's id, or any id of the task")
    .option("--reason <text>", "why, for whoever asks later")
    .option("--by <name>", "who cancels (default: this user at this host)")
    .option("--via <url>", "cancel it in the gateway at this address too; addresses as for holdpoint resume")
    .addOption(keptKind())
    .option("-y, --yes", "ask nothing")
    .addHelpText(
      "after",
      examples(
        ["holdpoint cancel task-1 --reason duplicate", "so that nobody has to ask why"],
        ["holdpoint cancel task-1 --via http://asya-gateway:8080", "on both sides"],
        [
          "holdpoint ls --state paused --older-than 30d --json | jq -r .id | xargs -n1 holdpoint cancel --yes --reason expired --",
          "what nobody answered for a month",
        ],
      ),
    )
    .action(async (id, options) => {
      const { cancelKept } = await import("./cancel-kept.ts");
      await cancelKept(context, id, options);
    });
}
