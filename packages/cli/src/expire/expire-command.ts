import { examples, storeCommand } from "../command.ts";
import type { CommandContext } from "../frame/command-context.ts";

const description = `Applies every expiry whose time is over: the question ends without an answer, or gets the one that was asked to count then. Until somebody does this, answers or acts, an expiry is only reported.

Clocks differ, so each is applied a few seconds after its time. Run it as often as you like, by as many as you like: each expiry is applied once.`;

/** `holdpoint expire` */
export function expireCommand(context: CommandContext) {
  return storeCommand("expire", "apply every expiry whose time is over")
    .description(description)
    .option("--dry-run", "count only, change nothing")
    .addHelpText(
      "after",
      examples(
        ["holdpoint expire --dry-run", "how many there are"],
        ["holdpoint expire", "apply them, from a timer such as cron"],
      ),
    )
    .action(async (options) => {
      const { expireHolds } = await import("./expire-holds.ts");
      await expireHolds(context, options);
    });
}
