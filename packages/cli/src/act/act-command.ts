import { Option } from "@commander-js/extra-typings";

import { examples, storeCommand } from "../command.ts";
import { commandAfterDashes } from "../frame/command-after-dashes.ts";
import type { CommandContext } from "../frame/command-context.ts";
import { CommandError } from "../frame/command-error.ts";
import { exitCodes } from "../frame/exit-code.ts";
import { parseAge } from "../frame/parse-age.ts";
import { parseCount } from "../frame/repeated-options.ts";

const description = `Runs a command once, if the answer lets act, and keeps its exit code and output as the receipt. Whoever comes later gets the receipt, and runs nothing.

The command has the content on its standard input, and in its environment HOLDPOINT_HOLD, HOLDPOINT_DECISION, HOLDPOINT_IDEMPOTENCY_KEY (the same at every attempt: hand it to the payee) and HOLDPOINT_ATTEMPT. With --stdin work, standard input has all of it as one JSON document. Every exit code is a receipt, and 6 stands for those other than 0. A command that a signal ends, or that dies with this process, leaves the hold in doubt.

The command runs in a process group of its own, without a terminal. The group ends with the command, and with this process, however that ends: also by kill -9. What leaves the group on purpose (setsid, a daemon) lives on. So does the command if both this process and the guard beside it are killed at one moment, and it is not.`;

/** `holdpoint act` */
export function actCommand(context: CommandContext) {
  return storeCommand("act", "act on an answer once, by a command")
    .description(description)
    .usage("[options] <id> -- <command...>")
    .argument("<id>", "the hold's id")
    .argument("[command...]", "after --: what acts")
    .addOption(
      new Option("--stdin <what>", "what the command reads")
        .choices(["content", "work"] as const)
        .default("content" as const),
    )
    .addOption(
      new Option("--when-in-doubt <what>", "stop: at most once, a person settles; again: at least once, the same key")
        .choices(["stop", "again"] as const)
        .default("stop" as const),
    )
    .addOption(
      new Option("--if-acting <what>", "while somebody else acts: wait for the receipt, or refuse")
        .choices(["wait", "refuse"] as const)
        .default("wait" as const),
    )
    .option(
      "--lease <age>",
      "after how long without a sign of life this process is taken for dead (default: 30s)",
      parseAge,
    )
    .option("--keep-output <bytes>", "how much of each output the receipt keeps", parseCount, 65_536)
    .addHelpText(
      "after",
      examples(
        ["holdpoint act refund-42 -- ./pay", "pay once, however often this is called"],
        [
          `holdpoint act refund-42 -- sh -c 'curl -d @- -H "Idempotency-Key: $HOLDPOINT_IDEMPOTENCY_KEY" "$PAYEE"'`,
          "hand on the key",
        ],
        ["holdpoint act -- -odd-id -- ./pay", "an id that looks like an option"],
      ),
    )
    .action(async (id, command, options, { parent }) => {
      const typed = (parent as { rawArgs?: readonly string[] } | null)?.rawArgs ?? [];
      const { runAct } = await import("./run-act.ts");
      await runAct(context, id, assertCommand(command, commandAfterDashes(command, typed)), options);
    });
}

/** Else an argument of ours that is misspelt would be started as a program. */
function assertCommand(command: readonly string[], given: readonly string[] | undefined): readonly string[] {
  if (given?.[0] !== undefined) return given;
  const problem =
    command[0] === undefined || command[0] === "--"
      ? "No command is given"
      : `Unexpected ${JSON.stringify(command[0])}`;
  throw new CommandError(
    exitCodes.usage,
    `${problem}: the command that acts stands after --, as in holdpoint act <id> -- ./pay. Nothing has run.`,
  );
}
