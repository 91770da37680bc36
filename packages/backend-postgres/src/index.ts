import { CheckpointError } from "@holdpoint/core";
import type { CheckpointBackend, CheckpointStore } from "@holdpoint/core";
import { defaultAttemptTimeoutMs, openDriver } from "@holdpoint/core/driver";
import type { PlainServer } from "@holdpoint/core/driver";

import { isPool } from "./postgres-client.ts";
import { connectionsOfClient, connectionsOfPool } from "./postgres-connection.ts";
import type { PostgresConnections } from "./postgres-connection.ts";
import { PostgresDriver } from "./postgres-driver.ts";
import { locationOf, placeOf } from "./postgres-location.ts";
import { defaultUsername, parsePostgresUrl, postgresDefaults, postgresVariables } from "./postgres-options.ts";
import type { PostgresStoreOptions } from "./postgres-options.ts";
import { PostgresPools } from "./postgres-pools.ts";
import { encryptionsOf } from "./postgres-tls.ts";

export type {
  PostgresClient,
  PostgresPool,
  PostgresPoolClient,
  PostgresResult,
  PostgresStatement,
} from "./postgres-client.ts";
export type { PostgresAddress, PostgresSslMode, PostgresStoreOptions } from "./postgres-options.ts";

declare module "@holdpoint/core" {
  interface StoreConfigs {
    postgres: PostgresStoreOptions;
  }
}

/**
 * Opens a store in a table of PostgreSQL, which is made if it is missing.
 *
 * @throws {CheckpointError} `invalid-argument`; `not-found` without a table and with `create: false`;
 * `permission-denied`; `unsupported` if the server is too old, or a table is there that would lose checkpoints;
 * `unavailable`; `timeout`
 * @example
 * ```ts
 * await using store = await createPostgresStore({ hosts: [{ host: "127.0.0.1" }], database: "app", prefix: "team-a/" });
 * ```
 */
export async function createPostgresStore(options: PostgresStoreOptions): Promise<CheckpointStore> {
  assertOptions(options);
  const { schema = postgresDefaults.schema, table = postgresDefaults.table, prefix = "", create = true } = options;
  const place = { ...serverOf(options), schema, table, prefix };
  const driver = new PostgresDriver(await connectionsFor(options), {
    ...place,
    create,
    isReadOnly: options.access === "read",
    location: locationOf(place),
  });
  return await openDriver(driver, options, plainServerOf(options));
}

/** The backend of `postgres:` and `postgresql:` URLs. */
export const backend: CheckpointBackend<PostgresStoreOptions> = {
  name: "postgres",
  schemes: ["postgres", "postgresql"],
  hostLists: true,
  parseUrl: parsePostgresUrl,
  open: createPostgresStore,
  variables: postgresVariables,
  listPermission: "SELECT on the table",
  placeOf,
};

async function connectionsFor(options: PostgresStoreOptions): Promise<PostgresConnections> {
  const { client, attemptTimeoutMs = defaultAttemptTimeoutMs } = options;
  if (client === undefined) return new PostgresPools(options, await encryptionsOf(options), attemptTimeoutMs);
  return isPool(client) ? connectionsOfPool(client) : connectionsOfClient(client);
}

/** The first of the servers, which is asked for TLS before TLS begins, or never. */
function plainServerOf({ client, hosts, sslNegotiation }: PostgresStoreOptions): PlainServer | undefined {
  const { host, port = postgresDefaults.port } = hosts?.[0] ?? { host: "localhost" };
  if (client !== undefined || sslNegotiation === "direct" || host.startsWith("/")) return undefined;
  return { host, port, remedy: "Set sslmode=require and sslnegotiation=direct." };
}

function serverOf(options: PostgresStoreOptions): Pick<Parameters<typeof locationOf>[0], "hosts" | "database"> {
  const { client, hosts = [{ host: "localhost" }], username = defaultUsername(), database = username } = options;
  if (client === undefined) return { hosts, database };
  // What a client of `pg` says of itself, and a pool of what it was made with.
  const {
    host,
    port,
    database: name,
  } = (isPool(client) ? client.options : client) as {
    readonly host?: unknown;
    readonly port?: unknown;
    readonly database?: unknown;
  };
  return {
    hosts: [{ host: textOf(host) || "localhost", port: Number(port) || postgresDefaults.port }],
    database: textOf(name),
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

const exclusiveWithClient = [
  "hosts",
  "username",
  "password",
  "database",
  "sslMode",
  "tls",
  "tlsCaFile",
  "tlsCertFile",
  "tlsKeyFile",
  "tlsKeyPassword",
  "sslNegotiation",
  "channelBinding",
  "serverOptions",
  "applicationName",
  "connectTimeoutMs",
  "maxConnections",
] as const satisfies readonly (keyof PostgresStoreOptions)[];

const maxNameBytes = 63;
const maxPrefixBytes = 512;

function assertOptions(options: PostgresStoreOptions): void {
  const { client, hosts, prefix = "", maxConnections = 1, connectTimeoutMs = 1 } = options;
  if (client !== undefined) {
    for (const name of exclusiveWithClient) {
      if (options[name] !== undefined) throw invalid(`${name} and client exclude each other: set it on the client`);
    }
  }
  if (hosts?.length === 0) throw invalid("hosts is empty; expected at least one server");
  for (const { host, port = 1 } of hosts ?? []) {
    if (typeof host !== "string" || host === "" || /[\p{Cc}]/u.test(host))
      throw invalid("a host is not the name of one");
    if (!Number.isSafeInteger(port) || port < 1 || port > 65_535) {
      throw invalid(`a port is ${String(port)}; expected a whole number from 1 to 65535`);
    }
  }
  for (const [name, value] of Object.entries({ maxConnections, connectTimeoutMs })) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw invalid(`${name} is ${String(value)}; expected a whole number from 1`);
  }
  for (const name of ["schema", "table"] as const) {
    const value = options[name] ?? "name";
    const isName = typeof value === "string" && value !== "" && value.isWellFormed() && !value.includes("\0");
    // PostgreSQL cuts off what is longer, so that two names could become one.
    if (!isName || Buffer.byteLength(value) > maxNameBytes) {
      throw invalid(`${name} is ${JSON.stringify(value)}; expected a name of at most ${maxNameBytes} UTF-8 bytes`);
    }
  }
  if (typeof prefix !== "string" || !prefix.isWellFormed() || Buffer.byteLength(prefix) > maxPrefixBytes) {
    throw invalid(`prefix is not a well-formed string of at most ${maxPrefixBytes} UTF-8 bytes`);
  }
}

function invalid(problem: string): CheckpointError {
  return new CheckpointError("invalid-argument", `postgres: cannot open the store: ${problem}.`, {
    backend: "postgres",
  });
}
