import { examples, storeCommand } from "../command.ts";
import type { CommandContext } from "../frame/command-context.ts";
import { parsePort } from "./parse-port.ts";

const description = `Serves the pages where people answer: what waits, one question with its form, and what one has answered. They need nothing but a browser and the store.

They are served to this machine only. Whoever reads the token that is printed here may log in with it, once; the login page prints another one here on request. Every answer given after that is recorded as --by.`;

/** `holdpoint inbox` */
export function inboxCommand(context: CommandContext) {
  return storeCommand("inbox", "serve the pages where people answer")
    .description(description)
    .option("--port <number>", "the port to listen at; 0 is any that is free", parsePort, 4_310)
    .option("--host <address>", "the address to listen at; only those of this machine itself", "127.0.0.1")
    .option("--by <name>", "who answers (default: this user at this host)")
    .option("--issuer <name>", "who vouches for --by, such as https://login.example.com")
    .addHelpText(
      "after",
      examples(
        ["holdpoint inbox --store file:///state", "answer on a page what waits in a directory"],
        ["holdpoint inbox --port 0 --json | head -1", "for a script: the address and the token"],
      ),
    )
    .action(async (options) => {
      const { runInbox } = await import("./run-inbox.ts");
      await runInbox(context, options);
    });
}
