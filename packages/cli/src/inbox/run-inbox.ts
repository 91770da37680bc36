import { once } from "node:events";

import type { AnswerCourier, GatewayCourier } from "@holdpoint/asya/gateway";
import { GatewayError } from "@holdpoint/asya/gateway";
import type { Refusal } from "@holdpoint/inbox";
import { InboxError, localLogin } from "@holdpoint/inbox";
import type { InboxConfig, ServedInbox } from "@holdpoint/inbox/node";
import { readInboxConfig, serveInbox } from "@holdpoint/inbox/node";

import type { CommandContext } from "../frame/command-context.ts";
import { CommandError } from "../frame/command-error.ts";
import { escapeControls, toJsonLine } from "../frame/escape-controls.ts";
import { exitCodes } from "../frame/exit-code.ts";
import { describePerson, readPersonOptions } from "../frame/hold-person.ts";
import { openCourier } from "../frame/open-courier.ts";
import type { StoreChoice } from "../frame/open-command-store.ts";
import { openCommandStore } from "../frame/open-command-store.ts";
import { readGivenJson } from "../frame/read-given-file.ts";

/** Options of `holdpoint inbox`. */
export interface InboxChoice extends StoreChoice {
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  readonly config?: string | undefined;
  readonly via?: string | undefined;
  readonly by?: string | undefined;
  readonly issuer?: string | undefined;
  readonly json?: true | undefined;
}

/** Serves the pages until somebody ends the command. */
export async function runInbox(context: CommandContext, options: InboxChoice): Promise<void> {
  const { output, signal } = context;
  const { via: configuredVia, ...config } = await readConfig(context, options);
  const { via = configuredVia } = options;
  const gateway = via === undefined ? undefined : await openPatiently(context, via);
  await using store = await openCommandStore(context, options, "write");
  const address = Promise.withResolvers<string>();
  const print = async (token: string): Promise<void> => {
    const url = await address.promise;
    const loginUrl = `${url}login?${new URLSearchParams({ token }).toString()}`;
    if (options.json) await output.write(toJsonLine({ url, loginUrl, token, store: store.location }));
    else await output.write(`Log in:  ${loginUrl}\nToken:   ${token}   (good once)\n\n`);
  };
  const local = localLogin({
    person: readPersonOptions(options),
    // Where nobody reads any more what is printed, nobody can log in, and that is all.
    print: (token) => void print(token).catch(() => undefined),
    // Whoever reads this terminal can read the store as well.
    groups: config.rules?.administrators,
  });
  const { host = config.host, port = config.port } = options;
  await using inbox = await serve({
    authentication: local,
    ...config,
    store,
    gateway,
    host,
    port,
    onRefusal: (refusal) => void tell(context, describeRefusal(refusal)),
    onError: (problem) => void tell(context, problem.message),
  });
  if (!options.json) {
    await output.write(`The inbox for ${escapeControls(store.location)} is at ${inbox.url}\nCtrl-C ends it.\n\n`);
  }
  address.resolve(inbox.url);
  if (config.authentication === undefined) local.printToken();
  else if (options.json) await output.write(toJsonLine({ url: inbox.url, store: store.location }));
  if (!signal.aborted) await once(signal, "abort");
}

/**
 * The courier to the gateway. One that is away keeps nobody from what else there is to answer: it is asked again whenever
 * somebody answers a task.
 */
async function openPatiently(context: CommandContext, address: string): Promise<AnswerCourier> {
  let courier: GatewayCourier | undefined;
  const open = async (): Promise<GatewayCourier> => (courier ??= await openCourier(context, address));
  try {
    await open();
  } catch (error) {
    if (!GatewayError.is(error, "unreachable") || context.signal.aborted) throw error;
    await tell(
      context,
      `${error.message} The inbox starts without it; it is asked again when somebody answers a task.`,
    );
  }
  return { answer: async (...answer) => await (await open()).answer(...answer) };
}

async function readConfig(context: CommandContext, { config: file }: InboxChoice): Promise<InboxConfig> {
  const value = file === undefined ? {} : await readGivenJson(context, file, "configuration");
  try {
    return readInboxConfig(value, context.environment);
  } catch (error) {
    throw InboxError.is(error) ? new CommandError(exitCodes.usage, error.message, { cause: error }) : error;
  }
}

function describeRefusal({ by, why, method, path, id }: Refusal): string {
  const about = id === undefined ? "" : `, of ${JSON.stringify(id)}`;
  return `refused (${why}): ${describePerson(by)} at ${method} ${path}${about}`;
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
