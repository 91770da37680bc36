import { InvalidArgumentError } from "@commander-js/extra-typings";

import { examples, jsonCommand } from "../command.ts";
import type { CommandContext } from "../frame/command-context.ts";

/** `holdpoint copy` */
export function copyCommand(context: CommandContext) {
  return jsonCommand("copy", "copy everything from one store to another, and verify it")
    .description(
      [
        "Copies every value of one store to another, byte for byte, then reads it back and compares. Run it again after an interruption, or after more has come: what is there is not written again, what has changed in the source since is brought up to date, and what is something else in the target is left alone and named.",
        "Stop the actors that use the source before the last run: a task that is resumed there afterwards would be resumed once more in the target. Times to live are not copied; prune removes what is left of ended tasks.",
      ].join("\n\n"),
    )
    .argument("<from>", "the URL of the store to copy from, or a directory")
    .argument("<to>", "the URL of the store to copy to, or a directory")
    .option("--prefix <prefix>", "only keys that begin with it, such as paused/")
    .option("--update", "replace what is something else in the target, unless it is a later state of the same task")
    .option(
      "--cancel-removed",
      "cancel tasks that wait in the target and that the source does not have any more, as after a resume by an actor that removes documents; not once actors pause tasks in the target",
    )
    .option("--concurrency <count>", "how many keys are under way at once", parseConcurrency, 16)
    .option("--dry-run", "say what would be done, and write nothing")
    .addHelpText(
      "after",
      examples(
        ["holdpoint copy /state s3://asya-checkpoints", "from the mount of the setup guide to a bucket"],
        [
          "holdpoint copy --cancel-removed /state s3://asya-checkpoints",
          "the last run, once the actors on the mount have stopped",
        ],
        ["holdpoint copy --dry-run redis://redis/0 nats://nats/checkpoints", "what there is to do"],
      ),
    )
    .action(async (from, to, options) => {
      const { copyBetween } = await import("./copy-between.ts");
      await copyBetween(context, from, to, options);
    });
}

const maxConcurrency = 256;

function parseConcurrency(text: string): number {
  const count = Number(text);
  if (/^\d+$/u.test(text) && count >= 1 && count <= maxConcurrency) return count;
  throw new InvalidArgumentError(`Expected a whole number from 1 to ${maxConcurrency}.`);
}
