import { DriverFailureError } from "@holdpoint/core/driver";
import type { MsgHdrs } from "@nats-io/transport-node";

import type { NatsClient, NatsMessage } from "./nats-client.ts";
import { connectToNats } from "./nats-connect.ts";
import type { OpenedConnection } from "./nats-connect.ts";
import type { NatsStoreOptions } from "./nats-options.ts";
import { NatsRequests } from "./nats-requests.ts";

/** What a request of {@link NatsSession} takes. */
export interface NatsRequestOptions {
  readonly signal: AbortSignal;
  readonly headers?: MsgHdrs | undefined;
}

/** How long a request waits for a lost connection to come back before it fails. */
const reconnectGraceMs = 2_000;
const connectTimeoutMs = 5_000;

/** A client together with what is known about its connection. */
interface Link {
  readonly client: NatsClient;
  isConnected: boolean;
  /** Called at each change of `isConnected`. */
  readonly listeners: Set<() => void>;
  /** Where the connection was opened here; what was handed in has an inbox of its own, of which only itself knows. */
  readonly requests: NatsRequests | undefined;
  close(): Promise<void>;
}

/** The connection of one store: opened when it is first needed, or handed in; watched so that a loss is noticed. */
export class NatsSession {
  readonly #options: NatsStoreOptions;
  readonly #connectTimeoutMs: number;
  readonly #requestTimeoutMs: number;
  #link: Promise<Link> | undefined;
  #current: Link | undefined;
  readonly #closing = new AbortController();

  constructor(options: NatsStoreOptions, attemptTimeoutMs: number) {
    this.#options = options;
    this.#connectTimeoutMs = Math.min(connectTimeoutMs, attemptTimeoutMs);
    // The signal of a request ends it; this only makes it forgotten some time.
    this.#requestTimeoutMs = Math.min(attemptTimeoutMs + 1_000, 2 ** 31 - 1);
  }

  /** The addresses, without credentials. */
  get servers(): readonly string[] {
    const { client, servers } = this.#options;
    return client === undefined ? (servers ?? []) : [client.getServer()];
  }

  /** The server's largest message in bytes, headers included. */
  get maxPayloadBytes(): number | undefined {
    return this.#current?.client.info?.max_payload;
  }

  get serverVersion(): string | undefined {
    return this.#current?.client.info?.version;
  }

  /**
   * Runs `work` on a connected client; rejects as soon as the signal aborts or the connection is lost.
   *
   * The client itself neither tells a waiting request that its connection is gone, nor refuses one meanwhile: it would
   * keep a write and might send it long after the caller has given up on it.
   */
  async use<Result>(
    signal: AbortSignal,
    work: (client: NatsClient, interrupted: Promise<never>) => Promise<Result>,
  ): Promise<Result> {
    signal.throwIfAborted();
    const { promise: interrupted, reject: interrupt } = Promise.withResolvers<never>();
    const onAbort = (): void => interrupt(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    let link = this.#ready;
    const onChange = (): void => {
      if (link?.isConnected === false) interrupt(this.#lost());
    };
    try {
      if (link === undefined) {
        link = await Promise.race([this.#connected(), interrupted]);
        signal.throwIfAborted();
      }
      link.listeners.add(onChange);
      onChange();
      return await Promise.race([work(link.client, interrupted), interrupted]);
    } finally {
      signal.removeEventListener("abort", onAbort);
      link?.listeners.delete(onChange);
    }
  }

  /** Sends one message and waits for the answer, as {@link use} does. */
  request(
    subject: string,
    payload: Uint8Array | string,
    { signal, headers }: NatsRequestOptions,
  ): Promise<NatsMessage> {
    const requests = this.#ready?.requests;
    if (requests !== undefined) return requests.request(subject, payload, signal, headers);
    return this.use(signal, (client) =>
      client.request(subject, payload, {
        timeout: this.#requestTimeoutMs,
        ...(headers === undefined ? {} : { headers }),
      }),
    );
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#current?.close();
  }

  #lost(): DriverFailureError {
    return this.#closing.signal.aborted ? closed() : connectionLost(this.servers.join(", "));
  }

  /** What {@link #connected} would resolve to, where it has nothing to wait for, as for nearly every request. */
  get #ready(): Link | undefined {
    const link = this.#current;
    return link?.isConnected === true && !link.client.isClosed() && !this.#closing.signal.aborted ? link : undefined;
  }

  async #connected(): Promise<Link> {
    if (this.#closing.signal.aborted) throw closed();
    // A client that has given up, on credentials that expired for example, is replaced; one that was handed in is not.
    if (this.#link === undefined || (this.#current?.client.isClosed() === true && this.#options.client === undefined)) {
      this.#current = undefined;
      this.#link = this.#open();
      this.#link.catch(() => {
        this.#link = undefined;
      });
    }
    const link = await this.#link;
    if (link.client.isClosed()) throw clientClosed();
    if (link.isConnected) return link;
    await reconnection(link);
    if (!link.isConnected) throw notConnected(this.servers.join(", "));
    return link;
  }

  async #open(): Promise<Link> {
    const { client } = this.#options;
    const opened =
      client === undefined
        ? await connectToNats(this.#options, this.#connectTimeoutMs, this.#closing.signal)
        : undefined;
    const requests =
      opened === undefined
        ? undefined
        : new NatsRequests(opened.connection, this.#options.inboxPrefix ?? "_INBOX", this.#requestTimeoutMs);
    const link = watch(client ?? (opened as OpenedConnection).connection, requests, async () => await opened?.close());
    if (requests !== undefined) {
      link.listeners.add(() => {
        if (!link.isConnected) requests.fail(this.#lost());
      });
    }
    this.#current = link;
    return link;
  }
}

function watch(client: NatsClient, requests: NatsRequests | undefined, closeConnection: () => Promise<void>): Link {
  const statuses = client.status();
  const link: Link = {
    client,
    isConnected: !client.isClosed(),
    listeners: new Set(),
    requests,
    close: async () => {
      // Otherwise a client that goes on living would keep the events for nobody.
      (statuses as { stop?: () => void }).stop?.();
      await closeConnection();
    },
  };
  const set = (isConnected: boolean): void => {
    link.isConnected = isConnected;
    for (const listener of link.listeners) listener();
  };
  const follow = async (): Promise<void> => {
    for await (const status of statuses) {
      if (status.type === "disconnect") set(false);
      else if (status.type === "reconnect") set(true);
      else if (status.type === "error" && "error" in status) requests?.refuse(status.error);
    }
    set(false);
  };
  follow().catch(() => set(false));
  return link;
}

/** Resolves at the next change of the connection, or after the grace time. */
async function reconnection(link: Link): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, reconnectGraceMs);
  link.listeners.add(resolve);
  await promise;
  clearTimeout(timer);
  link.listeners.delete(resolve);
}

function closed(): DriverFailureError {
  return new DriverFailureError({
    code: "closed",
    retryable: false,
    outcome: "unknown",
    message: "the store was closed while a request was on its way",
  });
}

function clientClosed(): DriverFailureError {
  return new DriverFailureError({
    code: "unavailable",
    retryable: false,
    outcome: "not-applied",
    message: "the NATS client that was handed in is closed",
    remedy: "Keep it open for as long as the store is used.",
  });
}

function connectionLost(servers: string): DriverFailureError {
  return new DriverFailureError({
    code: "unavailable",
    retryable: true,
    outcome: "unknown",
    message: `the connection to ${servers} was lost while a request was on its way`,
  });
}

function notConnected(servers: string): DriverFailureError {
  return new DriverFailureError({
    code: "unavailable",
    retryable: true,
    outcome: "not-applied",
    message: `the connection to ${servers} was lost and has not come back yet`,
    remedy: "Check that the server runs.",
  });
}
