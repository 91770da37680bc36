import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { isIP } from "node:net";

import type { HttpBindings } from "@hono/node-server";
import { getRequestListener } from "@hono/node-server";

import type { Inbox, InboxOptions } from "./create-inbox.ts";
import { createInbox } from "./create-inbox.ts";
import { InboxError } from "./inbox-error.ts";

/** Options of {@link serveInbox}. */
export interface ServeInboxOptions extends Omit<InboxOptions, "url"> {
  /** The address to listen at. @default "127.0.0.1" */
  readonly host?: string | undefined;
  /** @default 4310 */
  readonly port?: number | undefined;
  /** Where people reach it. @default the address and the port */
  readonly url?: string | undefined;
}

/** An inbox that is served. */
export interface ServedInbox extends AsyncDisposable {
  /** Where people reach it. */
  readonly url: string;
  /** Where it listens. */
  readonly port: number;
  /**
   * Takes no more requests, and ends those that are under way.
   *
   * @throws {Error} if the server cannot be closed
   */
  close(): Promise<void>;
}

// Whoever sends slower than that keeps others out.
const headersMs = 10_000;
const requestMs = 60_000;
const checkMs = 2_000;
const endingMs = 2_000;

/**
 * Serves an inbox by a server of Node's own.
 *
 * @throws {InboxError} `invalid-argument`; `in-use`; `unprotected` for an address that other machines reach, since a token that
 * is printed is for the machine that it is printed on
 * @throws {Error} what else listening fails with, such as `EACCES`
 * @example
 * ```ts
 * await using inbox = await serveInbox({ store, authentication: localLogin({ person: "ada", print: console.log }) });
 * console.log(inbox.url); // http://127.0.0.1:4310/
 * ```
 */
export async function serveInbox(options: ServeInboxOptions): Promise<ServedInbox> {
  const { host = "127.0.0.1", port = 4310, ...rest } = options;
  if (!isLoopback(host) && rest.authentication?.kind === "local") {
    throw new InboxError(
      "unprotected",
      `host: ${JSON.stringify(host)} is reached from other machines, and a login by a printed token is for this one. Listen at 127.0.0.1, or let people log in at an identity provider or a proxy.`,
    );
  }
  if (!isLoopback(host) && options.url === undefined) {
    throw new InboxError("invalid-argument", "url: say where people reach an inbox that other machines reach.");
  }
  const server = createServer({
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: checkMs,
  });
  await listen(server, port, host);
  const { port: actualPort } = server.address() as AddressInfo;
  const names = isLoopback(host) ? ["127.0.0.1", "localhost", "[::1]"] : [];
  const origins = names.map((name) => `http://${name}:${actualPort}`);
  const url = options.url ?? `http://${isIP(host) === 6 ? `[${host}]` : host}:${actualPort}/`;
  let inbox: Inbox;
  try {
    inbox = createInbox({ ...rest, url, otherOrigins: [...origins, ...(rest.otherOrigins ?? [])] });
  } catch (error) {
    server.close();
    throw error;
  }
  const listener = getRequestListener(
    (request, bindings) => {
      const { socket, headersDistinct } = (bindings as HttpBindings).incoming;
      const repeated = Object.entries(headersDistinct).filter(([, values]) => (values?.length ?? 0) > 1);
      const repeatedHeaders = new Set(repeated.map(([name]) => name));
      return inbox.handle(request, { peer: socket.remoteAddress, repeatedHeaders });
    },
    { overrideGlobalObjects: false },
  );
  server.on("request", (incoming, outgoing) => void listener(incoming, outgoing));
  const close = async (): Promise<void> => {
    inbox.close();
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    const timer = setTimeout(() => server.closeAllConnections(), endingMs);
    server.closeIdleConnections();
    await closed;
    clearTimeout(timer);
  };
  return { url, port: actualPort, close, [Symbol.asyncDispose]: close };
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, "listening");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    throw new InboxError(
      "in-use",
      `Something else listens at port ${port} of ${host}. Take another port; 0 is any that is free.`,
    );
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/u.test(host);
}
