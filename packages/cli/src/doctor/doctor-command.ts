import { examples, storeCommand } from "../command.ts";
import type { CommandContext } from "../frame/command-context.ts";

/** `holdpoint doctor` */
export function doctorCommand(context: CommandContext) {
  return storeCommand("doctor", "examine a store: configuration, permissions, promises, settings")
    .description(
      [
        "Examines a store with the permissions at hand, and says of each thing whether it is ok, a warning, a problem, or unknown because the server does not tell; with why it matters and what to do. It ends with code 1 if there is a problem.",
        "It writes scratch values under doctor/ and a scratch task doctor-<id>, and removes them again.",
      ].join("\n\n"),
    )
    .addHelpText(
      "after",
      examples(
        ["holdpoint doctor", "the store that x-pause and x-resume would use with this environment"],
        [
          "holdpoint doctor --store redis://redis:6379/0 --json | jq '.findings[] | select(.level != \"ok\")'",
          "what is not ok",
        ],
      ),
    )
    .action(async (options) => {
      const { runDoctor } = await import("./run-doctor.ts");
      await runDoctor(context, options);
    });
}
