import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectionOptions } from "node:tls";

import { isError } from "@holdpoint/core/driver";
import { Connection, Pool } from "pg";
import type { Client, ClientBase, PoolClient, PoolConfig } from "pg";

import { ChannelBoundClient } from "./channel-bound-client.ts";
import type { PostgresPoolClient } from "./postgres-client.ts";
import type { PostgresConnections } from "./postgres-connection.ts";
import { lendFrom, standbyError } from "./postgres-connection.ts";
import { isServerError, NotConnectedError } from "./postgres-error.ts";
import { addressText } from "./postgres-location.ts";
import type { PostgresStoreOptions } from "./postgres-options.ts";
import { defaultUsername, postgresDefaults } from "./postgres-options.ts";

const idleTimeoutMs = 60_000;
const keepAliveDelayMs = 10_000;
/** How long a server that does not answer can keep a connection open that we have ended. */
const closeTimeoutMs = 500;
const cancelTimeoutMs = 1_000;

/** With which TLS a connection is tried; `false` is none. */
type Encryption = ConnectionOptions | false;

interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** One of the servers, and the pools of connections to it. */
class PostgresHost {
  readonly address: ServerAddress;
  readonly #encryptions: readonly Encryption[];
  readonly #config: PoolConfig;
  readonly #pools = new Map<Encryption, Pool>();
  readonly #clients = new Map<ClientBase, Encryption>();
  #chosen = 0;

  constructor(address: ServerAddress, encryptions: readonly Encryption[], config: PoolConfig) {
    this.address = address;
    this.#encryptions = address.host.startsWith("/") ? [false] : encryptions;
    this.#config = config;
  }

  has(client: ClientBase): boolean {
    return this.#clients.has(client);
  }

  async lend(): Promise<PoolClient> {
    // Others may choose meanwhile.
    const first = this.#chosen;
    for (let step = 0; ; step += 1) {
      const index = (first + step) % this.#encryptions.length;
      try {
        const client = await lendFrom(this.#pool(this.#encryptions[index] ?? false));
        this.#chosen = index;
        return client;
      } catch (error) {
        if (step + 1 >= this.#encryptions.length || !isAboutEncryption(error)) throw error;
      }
    }
  }

  /** @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS */
  async cancel(client: ClientBase): Promise<void> {
    const { processID, secretKey } = client as ClientBase & CancelKey;
    const ssl = this.#clients.get(client) ?? false;
    const connection = new Connection({ ssl }) as Connection & CancelingConnection;
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const send = (): void => connection.cancel(processID, secretKey);
    connection.on("connect", ssl === false ? send : () => connection.requestSsl());
    connection.on("sslconnect", send);
    connection.on("error", () => resolve());
    connection.on("end", () => resolve());
    const { host, port } = this.address;
    if (host.startsWith("/")) connection.connect(`${host}/.s.PGSQL.${port}`);
    else connection.connect(port, host);
    await Promise.race([ended, sleep(cancelTimeoutMs)]);
    connection.stream.destroy();
  }

  async close(): Promise<void> {
    const ended = Promise.all(Array.from(this.#pools.values(), (pool) => pool.end()));
    const timer = setTimeout(() => {
      for (const client of this.#clients.keys()) (client as Client).connection.stream.destroy();
    }, closeTimeoutMs);
    await ended;
    clearTimeout(timer);
  }

  #pool(encryption: Encryption): Pool {
    const known = this.#pools.get(encryption);
    if (known !== undefined) return known;
    const pool = new Pool({ ...this.#config, ...this.address, ssl: encryption });
    // The next one to be lent is a new one.
    pool.on("error", () => undefined);
    pool.on("connect", (client) => this.#clients.set(client, encryption));
    pool.on("remove", (client) => this.#clients.delete(client));
    this.#pools.set(encryption, pool);
    return pool;
  }
}

/** Connections to the primary among the servers that the options name. */
export class PostgresPools implements PostgresConnections {
  readonly max: number;
  readonly #hosts: readonly PostgresHost[];
  #current = 0;

  constructor(options: PostgresStoreOptions, encryptions: readonly Encryption[], attemptTimeoutMs: number) {
    const { hosts = [{ host: "localhost" }], maxConnections = postgresDefaults.maxConnections } = options;
    this.max = maxConnections;
    const config = poolConfig(options, Math.floor(attemptTimeoutMs / hosts.length));
    this.#hosts = hosts.map(
      ({ host, port = postgresDefaults.port }) => new PostgresHost({ host, port }, encryptions, config),
    );
  }

  async lend(): Promise<PostgresPoolClient> {
    const first = this.#current;
    let failure: NotConnectedError | undefined;
    for (const step of this.#hosts.keys()) {
      const index = (first + step) % this.#hosts.length;
      const host = this.#hosts[index];
      try {
        const client = await host?.lend();
        if (client === undefined) continue;
        this.#current = index;
        return client;
      } catch (error) {
        const where = this.#hosts.length === 1 || host === undefined ? undefined : addressText(host.address);
        failure ??= new NotConnectedError(error, where);
        // A password that is wrong here is wrong everywhere.
        if (isServerError(error) && !/^(?:57P|53|08)/u.test(error.code)) throw new NotConnectedError(error, where);
      }
    }
    throw failure ?? new NotConnectedError(undefined);
  }

  async cancel(client: PostgresPoolClient): Promise<void> {
    const lent = client as unknown as ClientBase;
    await this.#hosts.find((host) => host.has(lent))?.cancel(lent);
  }

  leave(client: PostgresPoolClient): void {
    const index = this.#hosts.findIndex((host) => host.has(client as unknown as ClientBase));
    if (index === this.#current) this.#current = (index + 1) % this.#hosts.length;
  }

  async close(): Promise<void> {
    await Promise.all(this.#hosts.map((host) => host.close()));
  }
}

/** What `pg` has of the key by which a statement can be canceled. */
interface CancelKey {
  readonly processID: number;
  readonly secretKey: number;
}

/** What the types of `pg` leave out. */
interface CancelingConnection {
  connect(port: number, host: string): void;
  connect(path: string): void;
  requestSsl(): void;
  cancel(processID: number, secretKey: number): void;
}

function poolConfig(options: PostgresStoreOptions, perHostMs: number): PoolConfig {
  const { username = defaultUsername(), password, database = username, hosts = [] } = options;
  const { serverOptions, channelBinding = "prefer", sslNegotiation, applicationName = "holdpoint" } = options;
  return {
    user: username,
    database,
    ...(password === undefined ? {} : { password }),
    ...(serverOptions === undefined ? {} : { options: serverOptions }),
    ...(sslNegotiation === undefined ? {} : { sslnegotiation: sslNegotiation }),
    application_name: applicationName,
    enableChannelBinding: channelBinding !== "disable",
    ...(channelBinding === "require" ? { Client: ChannelBoundClient as unknown as new () => ClientBase } : {}),
    max: options.maxConnections ?? postgresDefaults.maxConnections,
    connectionTimeoutMillis: Math.min(options.connectTimeoutMs ?? postgresDefaults.connectTimeoutMs, perHostMs),
    idleTimeoutMillis: idleTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveDelayMs,
    // An idle store does not keep the process alive.
    allowExitOnIdle: true,
    // Waited for, whatever its type says.
    // oxlint-disable-next-line typescript/no-misused-promises
    ...(hosts.length > 1 ? { onConnect: assertPrimary } : {}),
  };
}

/** Asked of each new connection where there are several hosts, of which only one is the primary. */
async function assertPrimary(client: ClientBase): Promise<void> {
  const text = "SELECT (pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on')::text AS standby";
  const { rows } = await client.query<{ readonly standby: string }>(text);
  if (rows[0]?.standby === "true") throw standbyError();
}

/** Whether the server may accept with another encryption what it has refused with this one. */
function isAboutEncryption(error: unknown): boolean {
  if (isServerError(error)) return error.code === "28000";
  return isError(error) && error.message === "The server does not support SSL connections";
}
