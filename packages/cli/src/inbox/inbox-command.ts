import { examples, storeCommand } from "../command.ts";
import type { CommandContext } from "../frame/command-context.ts";
import { parsePort } from "./parse-port.ts";

const description = `Serves the pages where people answer: what waits, one question with its form, and what one has answered. They need nothing but a browser and the store.

Without --config they are served to this machine only. Whoever reads the token that is printed here may log in with it, once; the login page prints another one here on request. Every answer given after that is recorded as --by.

With --config people log in at an identity provider (OpenID Connect) or at a proxy, and everybody who was not let is named on standard error. The file also says who is told of what waits, in Slack, by mail or by a webhook, and which programs are called with what was decided; what could not be told or delivered is named there too. Secrets come from the environment: HOLDPOINT_INBOX_CLIENT_SECRET, HOLDPOINT_INBOX_SECRET, HOLDPOINT_INBOX_LINK_KEYS, HOLDPOINT_INBOX_SMTP, and what the file names.

Tasks of the mesh are answered through the gateway of --via, or of via in the file, as by holdpoint resume --via; its key or token is in HOLDPOINT_GATEWAY_KEY or HOLDPOINT_GATEWAY_TOKEN.`;

/** `holdpoint inbox` */
export function inboxCommand(context: CommandContext) {
  return storeCommand("inbox", "serve the pages where people answer")
    .description(description)
    .option("--port <number>", "the port to listen at; 0 is any that is free (default: 4310)", parsePort)
    .option("--host <address>", "the address to listen at (default: 127.0.0.1)")
    .option("--config <file>", "a JSON file that says how people log in, and who may see and answer what")
    .option("--via <address>", "the gateway that tasks of the mesh are answered through")
    .option("--by <name>", "who answers (default: this user at this host)")
    .option("--issuer <name>", "who vouches for --by, such as https://login.example.com")
    .addHelpText(
      "after",
      examples(
        ["holdpoint inbox --store file:///state", "answer on a page what waits in a directory"],
        ["holdpoint inbox --config inbox.json", "for a team; docs/inbox.md says what the file holds"],
        ["holdpoint inbox --port 0 --json | head -1", "for a script: the address and the token"],
      ),
    )
    .action(async (options) => {
      const { runInbox } = await import("./run-inbox.ts");
      await runInbox(context, options);
    });
}
