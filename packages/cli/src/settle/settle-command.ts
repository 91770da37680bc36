import { Option } from "@commander-js/extra-typings";

import { examples, storeCommand } from "../command.ts";
import type { CommandContext } from "../frame/command-context.ts";
import { parseCount } from "../frame/repeated-options.ts";

const description = `Says what happened to a hold that is in doubt: somebody has acted on it, and died or failed before the receipt was kept. Nobody but whoever looks can know: at the payee, in a log.

With --applied it is done, and whoever acts later gets the receipt. With --not-applied it can be acted on again, so whoever says that wrongly lets it happen twice. While somebody acts, settling waits until they end or go silent.

With --attempt, what happened at one attempt settles no other, which may have come since: if it is another by now, nothing is changed. At a terminal that is the attempt that is shown.`;

/** `holdpoint settle` */
export function settleCommand(context: CommandContext) {
  return storeCommand("settle", "say what happened to a hold that is in doubt")
    .description(description)
    .argument("<id>", "the hold's id")
    .addOption(new Option("--applied", "it had its effect").conflicts("notApplied"))
    .option("--not-applied", "it had none; it can be acted on again")
    .option("--attempt <number>", "the attempt that was looked at, as show numbers it (default: any)", parseCount)
    .option("--receipt <file>", "with --applied: a JSON file with what whoever acts later gets; - is standard input")
    .option("--reason <text>", "how it was found out, for whoever asks later")
    .addOption(
      new Option("--if-acting <what>", "while somebody acts: wait for them, or refuse")
        .choices(["wait", "refuse"] as const)
        .default("wait" as const),
    )
    .option("--by <name>", "who settles (default: this user at this host)")
    .option("--issuer <name>", "who vouches for --by, such as https://login.example.com")
    .option("-y, --yes", "ask nothing")
    .addHelpText(
      "after",
      examples(
        ["holdpoint ls --state in-doubt", "what is to be settled"],
        ["holdpoint settle refund-42 --applied --reason 'bank statement of May 3'", "the refund was paid"],
        ["holdpoint settle refund-42 --not-applied --attempt 1 --yes", "it was not, and may be now"],
      ),
    )
    .action(async (id, options) => {
      const { runSettle } = await import("./run-settle.ts");
      await runSettle(context, id, options);
    });
}
