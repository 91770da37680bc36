import { Option } from "@commander-js/extra-typings";

import { examples, storeCommand } from "../command.ts";
import type { CommandContext } from "../frame/command-context.ts";
import { parseAge } from "../frame/parse-age.ts";
import { collect, collectNameValue, parseCount } from "../frame/repeated-options.ts";

const description = `Asks a question that waits in the store until somebody answers it. It is kept as a hold: asked once, answered once, and acted on once.

The same question under the same id is found again, and nothing is asked twice: a program may run from the top as often as it likes. What makes it the same is its message, details and content, or --fingerprint where these differ at each run. Another question under the id is refused.`;

/** `holdpoint ask` */
export function askCommand(context: CommandContext) {
  return storeCommand("ask", "ask a question that waits for a person")
    .description(description)
    .argument("<id>", "the hold's id, which you choose; it is never used again")
    .requiredOption("-m, --message <text>", "what is asked")
    .option("--details <text>", "more about it, in Markdown")
    .option("-c, --content <file>", "a JSON file with what it is about; - is standard input")
    .option(
      "-d, --decision <name>",
      "one way to answer: approve, edit, reject, respond, or name=approving, name=rejecting; with :label, what a person sees (repeatable) (default: approve, reject)",
      collect,
    )
    .option("--schema <file>", "a JSON Schema that the answer must fit; with --decision edit, the edited content")
    .addOption(
      new Option(
        "--fields <file>",
        "in place of a schema: a JSON file with a list of the values that are asked for, each with name, type, prompt, required, default, options; - is standard input",
      ).conflicts(["schema", "decision"]),
    )
    .option("--expires-in <age>", "how long it waits, such as 2h", parseAge)
    .option("--on-expiry <decision>", "the answer that then counts (default: it ends without one)")
    .option("--allow-on-expiry", "with --on-expiry: also if that decision lets act")
    .option("--approvals <number>", "how many different people must approve the same (default: 1)", parseCount)
    .option("--not-by <name>", "who may not answer (repeatable)", collect)
    .option("--label <name=value>", "for listing (repeatable)", collectNameValue)
    .option("--saved-state <file>", "what whoever acts needs to go on; kept as it is, and shown to nobody")
    .option("--fingerprint <text>", "what tells this question from another under the same id")
    .addOption(
      new Option("--if-different <what>", "if the id stands for another question: keep goes on with that")
        .choices(["refuse", "keep"] as const)
        .default("refuse" as const),
    )
    .option("--by <name>", "who asks (default: this user at this host)")
    .option("--issuer <name>", "who vouches for --by and --not-by, such as https://login.example.com")
    .addHelpText(
      "after",
      examples(
        ["holdpoint ask refund-42 -m 'Refund 5000?' --content refund.json", "approve or reject"],
        ["holdpoint ask deploy-7 -m 'Deploy?' --expires-in 1h --on-expiry reject", "silence is a no after an hour"],
        [
          "holdpoint ask valve-3 -m 'Close it?' -d 'approve:Close' -d 'later=rejecting:Not before Monday'",
          "decisions with names of one's own",
        ],
        ["holdpoint ask region-1 -m 'Which region?' --schema region.json", "a value in place of a decision"],
      ),
    )
    .action(async (id, options) => {
      const { askHold } = await import("./ask-hold.ts");
      await askHold(context, id, options);
    });
}
