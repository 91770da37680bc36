import { examples, storeCommand } from "../command.ts";
import type { CommandContext } from "../frame/command-context.ts";
import { parseAge } from "../frame/parse-age.ts";

const description = `Waits until a question waits no more, and says what became of it. It changes nothing, and a store that is away meanwhile ends no waiting.

The exit code is 0 if the answer lets act, also where somebody acts already, or has acted; 4 if the question was rejected, canceled or has expired; 3 if it was forgotten meanwhile; 8 if it is in doubt; and 7 if it still waits once --timeout is over.

A question whose time is over has expired, whoever applies that: holdpoint expire does, and so does act, where an answer counts then.`;

/** `holdpoint wait` */
export function waitCommand(context: CommandContext) {
  return storeCommand("wait", "wait until a question is answered or has ended")
    .description(description)
    .argument("<id>", "the hold's id")
    .option("--timeout <age>", "how long to wait, such as 10m (default: as long as it takes)", parseAge)
    .addHelpText(
      "after",
      examples(
        ["holdpoint wait refund-42 && holdpoint act refund-42 -- ./pay", "pay as soon as somebody approves"],
        ["holdpoint wait region-1 --json | jq -r .answer.value.region", "a value, once it is given"],
        ["holdpoint wait deploy-7 --timeout 10m", "look whether somebody answers within ten minutes"],
      ),
    )
    .action(async (id, options) => {
      const { runWait } = await import("./run-wait.ts");
      await runWait(context, id, options);
    });
}
