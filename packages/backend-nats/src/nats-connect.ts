import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import type { Socket } from "node:net";
import { checkServerIdentity } from "node:tls";

import { connect, credsAuthenticator } from "@nats-io/transport-node";
import type { NatsConnection, NodeConnectionOptions } from "@nats-io/transport-node";

import { beginsWithTls, connectionFailure, DriverFailureError } from "@holdpoint/core/driver";

import { clientErrorKind } from "./nats-error.ts";
import type { NatsStoreOptions } from "./nats-options.ts";

/** A dead server is noticed after two of these without an answer, so that one operation can outlive it. */
const pingIntervalMs = 5_000;
const reconnectWaitMs = 250;

/** A connection that was opened here. */
export interface OpenedConnection {
  readonly connection: NatsConnection;
  close(): Promise<void>;
}

/**
 * Connects to the first of the servers that answers within `timeoutMs`.
 *
 * @throws {DriverFailureError} saying which server could not be used and why
 */
export async function connectToNats(
  options: NatsStoreOptions,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<OpenedConnection> {
  const servers = options.servers ?? [];
  const sockets = trackSockets();
  signal.addEventListener("abort", sockets.destroy, { once: true });
  try {
    const settings: NodeConnectionOptions = {
      servers: [...servers],
      name: "holdpoint",
      timeout: timeoutMs,
      maxReconnectAttempts: -1,
      reconnectTimeWait: reconnectWaitMs,
      pingInterval: pingIntervalMs,
      noAsyncTraces: true,
      ...tlsSettings(options),
      ...(options.user === undefined ? {} : { user: options.user }),
      ...(options.password === undefined ? {} : { pass: options.password }),
      ...(options.token === undefined ? {} : { token: options.token }),
      ...(options.inboxPrefix === undefined ? {} : { inboxPrefix: options.inboxPrefix }),
      ...(options.credsFile === undefined ? {} : { authenticator: await credsFileAuthenticator(options.credsFile) }),
    };
    const connection = await sockets.run(() => connect(settings));
    const close = async (): Promise<void> => {
      await connection.close();
      sockets.destroy();
      sockets.forget();
    };
    if (signal.aborted) await close();
    return { connection, close };
  } catch (error) {
    sockets.destroy();
    sockets.forget();
    if (error instanceof DriverFailureError) throw error;
    throw (await tlsFirstFailure(error, options)) ?? connectFailure(error, options, timeoutMs);
  }
}

/**
 * The client forgets the socket of a server that accepts and never greets, and one that it is about to reconnect on:
 * they outlive `close()` and keep the process alive. So every socket that is made on its behalf is remembered here.
 *
 * @see https://nodejs.org/api/diagnostics_channel.html#net
 */
function trackSockets(): TrackedSockets {
  const sockets = new Set<Socket>();
  const scope = new AsyncLocalStorage<true>();
  let isOver = false;
  const remember = (message: unknown): void => {
    if (scope.getStore() === undefined) return;
    const { socket } = message as { readonly socket: Socket };
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    if (isOver) end(socket);
  };
  subscribe("net.client.socket", remember);
  return {
    run: (work) => scope.run(true, work),
    destroy: () => {
      isOver = true;
      for (const socket of sockets) end(socket);
    },
    forget: () => void unsubscribe("net.client.socket", remember),
  };
}

interface TrackedSockets {
  run<Result>(work: () => Result): Result;
  /** Ends the sockets that there are, and those that are still to come. */
  readonly destroy: () => void;
  readonly forget: () => void;
}

function end(socket: Socket): void {
  // An error that nobody listens to would end the process.
  socket.on("error", () => undefined).destroy();
}

function tlsSettings({ tls, servers = [] }: NatsStoreOptions): Pick<NodeConnectionOptions, "tls"> {
  if (tls === undefined) return {};
  if (tls === false) return { tls: null };
  const files = tls === true ? {} : Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
  const addresses = servers.map(hostOf).filter((host) => isIP(host) !== 0);
  // Handed on to Node.js as it is, although its type does not say so.
  const identity = addresses.length === 0 ? {} : { checkServerIdentity: identityOf(addresses) };
  return { tls: { ...files, ...(identity as object) } };
}

/**
 * Checks the certificate of a server that was named by its IP address. The client keeps that address to itself, and then
 * Node.js takes the server for "localhost", whose certificate it is not.
 *
 * @see https://nodejs.org/api/tls.html#tlscheckserveridentityhostname-cert
 */
function identityOf(addresses: readonly string[]): typeof checkServerIdentity {
  return (host, certificate) => {
    const problem = checkServerIdentity(host, certificate);
    if (problem === undefined || host !== "localhost") return problem;
    return addresses.some((address) => checkServerIdentity(address, certificate) === undefined) ? undefined : problem;
  };
}

function hostOf(server: string): string {
  return server.replace(/:\d+$/u, "").replaceAll(/[[\]]/gu, "");
}

/** Reads the file for each connection, since short-lived credentials are renewed by replacing it. */
async function credsFileAuthenticator(path: string): Promise<ReturnType<typeof credsAuthenticator>> {
  // An easy mistake with Kubernetes Secrets, and what it holds must not be repeated.
  if (path.includes("-----BEGIN")) throw credsFailure("holds credentials instead of the path of a file");
  let latest: Uint8Array;
  try {
    latest = await readFile(path);
  } catch (error) {
    throw credsFailure(
      `names the file ${path}, which cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown error"})`,
    );
  }
  try {
    credsAuthenticator(latest)("nonce");
  } catch {
    throw credsFailure(`names the file ${path}, which holds no NATS user credentials`);
  }
  return (nonce) => {
    try {
      latest = readFileSync(path);
    } catch {
      // It may be between its removal and its renewal.
    }
    return credsAuthenticator(latest)(nonce);
  };
}

function credsFailure(problem: string): DriverFailureError {
  return new DriverFailureError({
    code: "invalid-argument",
    retryable: false,
    outcome: "not-applied",
    message: `the option creds, or the variable NATS_CREDS_FILE, ${problem}`,
    remedy: "Give the path of a .creds file.",
  });
}

/** Of a client and a server that each wait for the other one's first word: the server, which is waited for TLS to begin. */
async function tlsFirstFailure(
  error: unknown,
  { servers = [], tls }: NatsStoreOptions,
): Promise<DriverFailureError | undefined> {
  if (clientErrorKind(error) !== "timeout" || (typeof tls === "object" && tls.handshakeFirst === true))
    return undefined;
  for (const server of servers) {
    const port = /:(\d+)$/u.exec(server)?.[1] ?? "4222";
    if (!(await beginsWithTls({ host: hostOf(server), port: Number(port) }))) continue;
    return new DriverFailureError(
      {
        code: "unavailable",
        retryable: false,
        outcome: "not-applied",
        message: `${server} begins with TLS, before it greets`,
        remedy: "Set tlsFirst=true.",
      },
      error,
    );
  }
  return undefined;
}

function connectFailure(error: unknown, options: NatsStoreOptions, timeoutMs: number): DriverFailureError {
  const servers = (options.servers ?? []).join(", ");
  const failure = { outcome: "not-applied", code: "unavailable", retryable: true } as const;
  const { message = "", code } = error as { readonly message?: string; readonly code?: string };
  const { code: causeCode } = ((error as Error).cause ?? {}) as { readonly code?: string };
  const connection = connectionFailure(error, {
    outcome: "not-applied",
    tls: "Check the options tls, tlsFirst, tlsCert and tlsKey.",
    certificate: "Or name the file with tlsCa.",
  });
  if (connection !== undefined) return new DriverFailureError(connection, error);
  // The client sets about TLS all the same, and looks for its files in the null that stands for none.
  if (options.tls === false && (error instanceof TypeError || (error as Error).cause instanceof TypeError)) {
    const remedy = "Leave out tls=false; name the authority of the server's certificate with tlsCa.";
    return new DriverFailureError({ ...failure, retryable: false, message: `${servers} demands TLS`, remedy }, error);
  }
  switch (clientErrorKind(error)) {
    case "authorization":
      return new DriverFailureError(
        {
          ...failure,
          code: "permission-denied",
          retryable: false,
          message: `${servers} refused the credentials (authorization violation)`,
          remedy: "Check the user, password, token or .creds file, and whether they have expired.",
        },
        error,
      );
    case "timeout":
      return new DriverFailureError(
        {
          ...failure,
          code: "timeout",
          message: `${servers} did not greet as a NATS server within ${timeoutMs} ms`,
          remedy:
            "Check the address and the network. A server with handshake_first needs tlsFirst=true, and one that verifies clients needs tlsCert and tlsKey.",
        },
        error,
      );
    case "closed":
    case "no-responders":
    case "payload":
    case "permissions":
    case undefined:
      break;
  }
  if (message.includes("unexpected response from server")) {
    const remedy = "Check the port: clients of NATS use 4222 unless it was changed.";
    return new DriverFailureError(
      { ...failure, retryable: false, message: `what answers at ${servers} is not a NATS server`, remedy },
      error,
    );
  }
  if (/tls|ssl|cert|self.signed|unable_to/iu.test(`${code ?? causeCode ?? ""} ${message}`)) {
    const remedy = "Check the options tls, tlsCa, tlsCert and tlsKey, and the name in the server's certificate.";
    const reason = code ?? causeCode ?? message;
    return new DriverFailureError(
      { ...failure, retryable: false, message: `TLS with ${servers} failed (${reason})`, remedy },
      error,
    );
  }
  return new DriverFailureError({ ...failure, message: `${servers} cannot be used (${message})` }, error);
}
