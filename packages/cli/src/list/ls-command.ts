import { Option } from "@commander-js/extra-typings";

import { examples, storeCommand } from "../command.ts";
import type { CommandContext } from "../frame/command-context.ts";
import { parseAge } from "../frame/parse-age.ts";
import { collectNameValue } from "../frame/repeated-options.ts";

/** `holdpoint ls` */
export function lsCommand(context: CommandContext) {
  return storeCommand("ls", "what waits or is under way, since when, and what is asked")
    .description(
      "Lists tasks of the mesh and holds of programs, one a line: since when, state, id, and what is asked. Without --state, what has not ended. The order is the store's; sort(1) puts the longest waiting first. With --json one JSON document a line.",
    )
    .addOption(
      new Option("--state <state>", "only those in this state; a task is paused, resumed or canceled")
        .choices([
          ...(["open", "paused", "waiting", "answered", "acting", "in-doubt", "resumed", "done"] as const),
          ...(["rejected", "canceled", "expired", "corrupt", "all"] as const),
        ])
        .default("open" as const),
    )
    .option("--older-than <age>", "only those that have been in their state at least this long, such as 2h", parseAge)
    .option("--label <name=value>", "only holds that were asked with this label (repeatable)", collectNameValue)
    .addHelpText(
      "after",
      examples(
        ["holdpoint ls --older-than 2h | sort", "what has waited for more than two hours, longest first"],
        ["holdpoint ls --state all --json | jq -r .id", "the ids of all tasks and holds"],
        ["holdpoint ls --state in-doubt", "what somebody has to look at, and settle"],
      ),
    )
    .action(async (options) => {
      const { listTasks } = await import("./list-tasks.ts");
      await listTasks(context, options);
    });
}
