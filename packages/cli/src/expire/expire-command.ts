import { Option } from "@commander-js/extra-typings";

import { examples, storeCommand } from "../command.ts";
import type { CommandContext } from "../frame/command-context.ts";

const description = `Applies every expiry whose time is over: the question ends without an answer, or gets the one that was asked to count then. Until somebody does this, answers or acts, an expiry is only reported.

A hold is ended or answered at once. A task of the mesh is canceled at once, but its answer goes the way of every other, as a message to x-resume: through the gateway that --via names, or to standard output with --print, one JSON envelope a line, for whoever puts it into the queue of x-resume. Until x-resume claims the task, another answer may come first. Without either, such tasks are left waiting, and counted.

Clocks differ, so each is applied a few seconds after its time. Run it as often as you like, by as many as you like: each expiry is applied once.`;

/** `holdpoint expire` */
export function expireCommand(context: CommandContext) {
  return storeCommand("expire", "apply every expiry whose time is over")
    .description(description)
    .option("--via <url>", "answer and cancel tasks in the gateway at this address; addresses as for holdpoint resume")
    .addOption(
      new Option(
        "--print",
        "write the answers to tasks to standard output, and the summary to standard error",
      ).conflicts(["via", "json"]),
    )
    .option("--dry-run", "count only, change nothing")
    .addHelpText(
      "after",
      examples(
        ["holdpoint expire --dry-run", "how many there are"],
        ["holdpoint expire --via http://asya-gateway:8080/a2a/", "apply them, from a timer such as cron"],
        ["holdpoint expire --print | ./send-to-queue", "where no gateway follows the tasks"],
      ),
    )
    .action(async (options) => {
      const { expireKept } = await import("./expire-kept.ts");
      await expireKept(context, options);
    });
}
