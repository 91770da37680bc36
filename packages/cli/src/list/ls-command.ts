import { Option } from "@commander-js/extra-typings";

import { examples, storeCommand } from "../command.ts";
import type { CommandContext } from "../frame/command-context.ts";
import { parseAge } from "../frame/parse-age.ts";

/** `holdpoint ls` */
export function lsCommand(context: CommandContext) {
  return storeCommand("ls", "what is paused, since when, and what is asked")
    .description(
      "Lists tasks, one a line: since when, state, id, and what is asked. The order is the store's; sort(1) puts the longest waiting first. With --json one JSON document a line.",
    )
    .addOption(
      new Option("--state <state>", "only tasks in this state")
        .choices(["paused", "resumed", "canceled", "corrupt", "all"] as const)
        .default("paused" as const),
    )
    .option("--older-than <age>", "only tasks that have been in their state at least this long, such as 2h", parseAge)
    .addHelpText(
      "after",
      examples(
        ["holdpoint ls --older-than 2h | sort", "what has waited for more than two hours, longest first"],
        ["holdpoint ls --state all --json | jq -r .taskId", "the ids of all tasks"],
      ),
    )
    .action(async (options) => {
      const { listTasks } = await import("./list-tasks.ts");
      await listTasks(context, options);
    });
}
