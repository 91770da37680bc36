import { examples, storeCommand } from "../command.ts";
import type { CommandContext } from "../frame/command-context.ts";
import { parseAge } from "../frame/parse-age.ts";

/** `holdpoint prune` */
export function pruneCommand(context: CommandContext) {
  return storeCommand("prune", "remove what is left of what ended long ago")
    .description(
      "Removes the documents of tasks that were resumed or canceled long ago, and never a task that is paused. They are what makes a late delivery recognisable, so keep them longer than your queues keep messages. A store whose delete has no condition (MinIO) has them emptied instead. Holds that ended long ago are always emptied, and leave a stub: a program that runs again neither asks nor acts again.",
    )
    .requiredOption("--older-than <age>", "how long ago at least they ended, such as 30d", parseAge)
    .option("--dry-run", "count only, change nothing")
    .addHelpText(
      "after",
      examples(
        ["holdpoint prune --older-than 30d --dry-run", "how many there are"],
        ["holdpoint prune --older-than 30d", "remove them"],
      ),
    )
    .action(async (options) => {
      const { runPrune } = await import("./run-prune.ts");
      await runPrune(context, options);
    });
}
