import { InvalidArgumentError, Option } from "@commander-js/extra-typings";

import { examples, storeCommand } from "../command.ts";
import { commandAfterDashes } from "../frame/command-after-dashes.ts";
import type { CommandContext } from "../frame/command-context.ts";
import { CommandError } from "../frame/command-error.ts";
import { exitCodes } from "../frame/exit-code.ts";
import { parseCount } from "../frame/repeated-options.ts";

const description = `Answers a paused task and hands its message on, once.

Fields that are not given by --field or --input, or where there are none the properties of the schema, are asked for at the terminal; where there is none, they are left out. The input is checked against the fields and the schema that the pause declares; at a terminal what does not fit is asked for again, elsewhere one that does not fit changes nothing, and every fault is named. Then the task is claimed, and its message is written as one JSON envelope to standard output, or to the standard input of the command after --. Whoever receives it delivers it to the actor route.curr.

If the message does not arrive (the command fails, the connection breaks), the task is claimed all the same. The same call again hands over the same message: the same task, the same --by, and the same input. Any other answer is refused. At a terminal the recorded input need not be typed again.

With --via nothing is claimed or written here: the answer is checked and handed to the mesh's gateway, as its own clients do, and x-resume claims the task. The gateway then follows the task; without --via it shows it as paused for ever, unless the message goes on under the id that it knows (--message-id). A key is taken from HOLDPOINT_GATEWAY_KEY, a bearer token from HOLDPOINT_GATEWAY_TOKEN.`;

/** `holdpoint resume` */
export function resumeCommand(context: CommandContext) {
  return storeCommand("resume", "answer a paused task, and hand its message on")
    .description(description)
    .argument("<id>", "any id of the task")
    .argument("[command...]", "after --: what is started with the message on its standard input")
    .option("-f, --field <name=value>", "an answer; the value is read as the field's type says (repeatable)", collect)
    .option("-i, --input <file>", "a JSON file with all answers; - is standard input")
    .option("--by <name>", "who answers (default: this user at this host)")
    .option("--pause-point <number>", "answer only this pause point, as show numbers them", parseCount)
    .addOption(
      new Option("--merge <mode>", "how input meets objects (default: ASYA_RESUME_MERGE_MODE, else shallow)").choices([
        "shallow",
        "deep",
      ] as const),
    )
    .addOption(
      new Option(
        "--validation <mode>",
        "coerce reads texts as what their fields declare (default: coerce if ASYA_RESUME_VALIDATION says so, else strict)",
      ).choices(["off", "strict", "coerce"] as const),
    )
    .option("--no-validation", "take the input unchecked, and apply no defaults: --validation off")
    .option(
      "--via <url>",
      "answer through the gateway at this address: http://host/a2a/, http://host/api/v1/mesh/, or its root",
    )
    .option(
      "--message-id <id>",
      "the id that the message goes on under; the task's own where the A2A gateway is to follow it (default: one made from task, answerer and pause point)",
    )
    .option("-y, --yes", "ask nothing")
    .addHelpText(
      "after",
      examples(
        ["holdpoint resume task-1 -- ./send-to-queue", "be asked, and hand the message to a command"],
        ["holdpoint resume task-1 -f approved=true -f notes=fine > message.json", "from a script"],
        ["holdpoint resume task-1 -f approved=true --via http://asya-gateway:8080/a2a/", "through the gateway"],
        ["holdpoint resume -f approved=true -- -odd-id -- ./send-to-queue", "an id that looks like an option"],
        ["jq '{approved: .ok}' answer.json | holdpoint resume task-1 --input - --by ci", "with input from a pipe"],
      ),
    )
    .action(async (id, command, options, { parent }) => {
      const typed = (parent as { rawArgs?: readonly string[] } | null)?.rawArgs ?? [];
      const started = commandAfterDashes(command, typed) ?? unexpected(command);
      const { runResume } = await import("./run-resume.ts");
      await runResume(context, id, started, options);
    });
}

/** Else an answer whose --field was forgotten would be started as a program, once the task is claimed. */
function unexpected([first]: readonly string[]): never {
  throw new CommandError(
    exitCodes.usage,
    `Unexpected ${JSON.stringify(first)}: an answer is written --field name=value, and a command stands after --.`,
  );
}

function collect(text: string, earlier: readonly string[] = []): readonly string[] {
  if (!/^[^=]+=/u.test(text)) throw new InvalidArgumentError("Expected name=value.");
  return [...earlier, text];
}
