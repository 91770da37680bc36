import { once } from "node:events";

import { InboxError, localLogin } from "@holdpoint/inbox";
import type { ServedInbox } from "@holdpoint/inbox/node";
import { serveInbox } from "@holdpoint/inbox/node";

import type { CommandContext } from "../frame/command-context.ts";
import { CommandError } from "../frame/command-error.ts";
import { escapeControls, toJsonLine } from "../frame/escape-controls.ts";
import { exitCodes } from "../frame/exit-code.ts";
import { readPersonOptions } from "../frame/hold-person.ts";
import type { StoreChoice } from "../frame/open-command-store.ts";
import { openCommandStore } from "../frame/open-command-store.ts";

/** Options of `holdpoint inbox`. */
export interface InboxChoice extends StoreChoice {
  readonly port: number;
  readonly host: string;
  readonly by?: string | undefined;
  readonly issuer?: string | undefined;
  readonly json?: true | undefined;
}

/** Serves the pages until somebody ends the command. */
export async function runInbox(context: CommandContext, options: InboxChoice): Promise<void> {
  const { output, signal } = context;
  await using store = await openCommandStore(context, options, "write");
  const address = Promise.withResolvers<string>();
  const print = async (token: string): Promise<void> => {
    const url = await address.promise;
    const loginUrl = `${url}login?${new URLSearchParams({ token }).toString()}`;
    if (options.json) await output.write(toJsonLine({ url, loginUrl, token, store: store.location }));
    else await output.write(`Log in:  ${loginUrl}\nToken:   ${token}   (good once)\n\n`);
  };
  const authentication = localLogin({
    person: readPersonOptions(options),
    // Where nobody reads any more what is printed, nobody can log in, and that is all.
    print: (token) => void print(token).catch(() => undefined),
  });
  const { host, port } = options;
  const onError = (problem: Error): void => void tell(context, problem.message);
  await using inbox = await serve({ store, host, port, authentication, onError });
  if (!options.json) {
    await output.write(`The inbox for ${escapeControls(store.location)} is at ${inbox.url}\nCtrl-C ends it.\n\n`);
  }
  address.resolve(inbox.url);
  authentication.printToken();
  if (!signal.aborted) await once(signal, "abort");
}

async function tell(context: CommandContext, text: string): Promise<void> {
  await context.messages.tell(`${escapeControls(await context.redact(text))}\n`);
}

async function serve(options: Parameters<typeof serveInbox>[0]): Promise<ServedInbox> {
  try {
    return await serveInbox(options);
  } catch (error) {
    if (InboxError.is(error)) throw new CommandError(exitCodes.usage, error.message, { cause: error });
    throw error;
  }
}
