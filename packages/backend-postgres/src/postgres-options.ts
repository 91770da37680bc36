import { userInfo } from "node:os";
import type { ConnectionOptions } from "node:tls";

import type { StoreOptions } from "@holdpoint/core";
import {
  assertPathWithoutUser,
  booleanOption,
  choiceOption,
  integerOption,
  readUrlOptions,
  settingOf,
  textOption,
  urlError,
} from "@holdpoint/core/driver";
import type { UrlOptionReader } from "@holdpoint/core/driver";

import type { PostgresClient, PostgresPool } from "./postgres-client.ts";

/**
 * Where a server listens.
 *
 * @example
 * ```ts
 * await createPostgresStore({ hosts: [{ host: "postgres-1" }, { host: "postgres-2", port: 5433 }] });
 * ```
 */
export interface PostgresAddress {
  /** A name, an address, or the directory of a Unix socket. */
  readonly host: string;
  /** @default 5432 */
  readonly port?: number | undefined;
}

/**
 * How TLS is used, in the words of PostgreSQL. `prefer` and `require` do not look at the server's certificate.
 *
 * @see https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION
 */
export type PostgresSslMode = (typeof sslModes)[number];

const sslModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;

/**
 * Options of {@link createPostgresStore}. Either `hosts` or `client` says where the server is.
 *
 * @example
 * ```ts
 * const options: PostgresStoreOptions = { hosts: [{ host: "db.internal" }], database: "app", prefix: "team-a/" };
 * ```
 */
export interface PostgresStoreOptions extends StoreOptions {
  /** The server, or several of which the primary is used, whichever that is at the time. @default localhost, without a client */
  readonly hosts?: readonly PostgresAddress[] | undefined;
  /**
   * A pool or a connected client of `pg` to use, which stays open when the store is closed. A client does one thing after
   * the other, and its connection does not come back: a pool is better.
   *
   * @default none
   */
  readonly client?: PostgresClient | PostgresPool | undefined;

  /** @default the user of the operating system */
  readonly username?: string | undefined;
  /** A password, or what gives one for each new connection, such as a token that expires. @default none, or that of `~/.pgpass` */
  readonly password?: string | (() => Promise<string>) | undefined;
  /** @default the name of the user */
  readonly database?: string | undefined;
  /** @default "prefer" */
  readonly sslMode?: PostgresSslMode | undefined;
  /** A PEM file with the authorities that may sign the server's certificate. @default those of Node */
  readonly tlsCaFile?: string | undefined;
  /** A PEM file with the client's certificate. @default none */
  readonly tlsCertFile?: string | undefined;
  /** A PEM file with the key of that certificate. @default none */
  readonly tlsKeyFile?: string | undefined;
  /** The password of that key. @default none */
  readonly tlsKeyPassword?: string | undefined;
  /** Further options of Node's TLS. @default none */
  readonly tls?: ConnectionOptions | undefined;
  /** `direct` speaks TLS from the first byte, which needs PostgreSQL 17. @default "postgres" */
  readonly sslNegotiation?: "postgres" | "direct" | undefined;
  /** Whether the password's proof is bound to the TLS connection. @default "prefer" */
  readonly channelBinding?: "disable" | "prefer" | "require" | undefined;
  /** Command-line options for the server's side of each connection, such as `-c statement_timeout=5s`. @default none */
  readonly serverOptions?: string | undefined;
  /** The name that the server shows for our connections. @default "holdpoint" */
  readonly applicationName?: string | undefined;
  /** How long a connection may take to be made, in milliseconds. @default 5000 */
  readonly connectTimeoutMs?: number | undefined;
  /** How many connections there are at most, and so how many requests at once. @default 10, or what a pool has */
  readonly maxConnections?: number | undefined;

  /** The schema of the table. @default "public" */
  readonly schema?: string | undefined;
  /** The table, which no other program should write to. @default "holdpoint_checkpoints" */
  readonly table?: string | undefined;
  /** Whether schema and table are made where they are missing. @default true */
  readonly create?: boolean | undefined;
  /** What every key in the table begins with, as it stands. @default "" */
  readonly prefix?: string | undefined;
}

/** What holds where nobody says otherwise. */
export const postgresDefaults = {
  port: 5432,
  schema: "public",
  table: "holdpoint_checkpoints",
  maxConnections: 10,
  connectTimeoutMs: 5_000,
} as const;

const keyword: UrlOptionReader<string> = (text) => text;
const onlyPrimary: UrlOptionReader<string> = (text) => {
  if (["any", "read-write", "primary"].includes(text)) return text;
  throw new Error("a store reads and writes at the primary alone; expected one of any, read-write, primary");
};

/** The parameters that PostgreSQL's own programs take too, in their spelling. */
const standardReaders = {
  host: textOption,
  port: textOption,
  dbname: textOption,
  user: textOption,
  password: textOption,
  sslmode: choiceOption(...sslModes),
  sslrootcert: textOption,
  sslcert: textOption,
  sslkey: textOption,
  sslpassword: textOption,
  sslnegotiation: choiceOption("postgres", "direct"),
  channel_binding: choiceOption("disable", "prefer", "require"),
  target_session_attrs: onlyPrimary,
  // The order of the hosts is that in which they are asked; only one of them is the primary.
  load_balance_hosts: choiceOption("disable", "random"),
  options: keyword,
  application_name: textOption,
  fallback_application_name: textOption,
  connect_timeout: integerOption,
  client_encoding: choiceOption("UTF8", "utf8", "UTF-8", "utf-8", "auto"),
  gssencmode: choiceOption("disable", "prefer"),
};

const ownReaders = {
  schema: textOption,
  table: textOption,
  create: booleanOption,
  prefix: keyword,
  maxConnections: integerOption,
};

/** The variables that stand for a standard parameter: https://www.postgresql.org/docs/current/libpq-envars.html */
const parameterVariables = {
  host: "PGHOST",
  port: "PGPORT",
  dbname: "PGDATABASE",
  user: "PGUSER",
  password: "PGPASSWORD",
  sslmode: "PGSSLMODE",
  sslrootcert: "PGSSLROOTCERT",
  sslcert: "PGSSLCERT",
  sslkey: "PGSSLKEY",
  sslnegotiation: "PGSSLNEGOTIATION",
  channel_binding: "PGCHANNELBINDING",
  target_session_attrs: "PGTARGETSESSIONATTRS",
  options: "PGOPTIONS",
  application_name: "PGAPPNAME",
  connect_timeout: "PGCONNECT_TIMEOUT",
} as const;

/** Every variable that is looked up. */
export const postgresVariables: readonly string[] = [...Object.values(parameterVariables), "STATE_PREFIX"];

/**
 * Reads `postgres://[user[:password]@][host[:port],…][/database][?parameters]`, or `postgresql:`.
 *
 * What the URL leaves open is taken from the variables that PostgreSQL's own programs read (`PGHOST`, `PGPASSWORD`,
 * `PGSSLMODE`, …), and the prefix from `STATE_PREFIX`.
 *
 * @throws {CheckpointError} `invalid-argument`; the message repeats no password
 * @example
 * ```ts
 * parsePostgresUrl(new URL("postgres://db.internal/app?sslmode=verify-full&prefix=team-a/"), process.env);
 * ```
 */
export function parsePostgresUrl(
  url: URL,
  environment: Readonly<Record<string, string | undefined>>,
): PostgresStoreOptions {
  assertPathWithoutUser(url);
  if (url.hash !== "") throw urlError("postgres", "there is a # in it; write %23 where it belongs to a value");
  const database = /^\/?([^/]*)$/u.exec(url.pathname)?.[1];
  if (database === undefined) {
    throw urlError("postgres", "its path has more than one part; expected the name of a database, such as /app");
  }
  const given = readUrlOptions(url, { ...standardReaders, ...ownReaders });
  const variables = readVariables(environment);
  const inUrl = {
    host: hostList(url),
    dbname: decode(database),
    user: decode(url.username),
    password: decode(url.password),
  };
  for (const name of ["host", "dbname", "user", "password"] as const) {
    if (inUrl[name] !== "" && given[name] !== undefined) {
      throw urlError("postgres", `the parameter ${name} stands before the "?" and after it`);
    }
  }
  if (inUrl.host !== "" && given.port !== undefined) {
    throw urlError("postgres", "the parameter port needs the parameter host; write the port behind its host");
  }
  const hosts =
    inUrl.host === ""
      ? addresses(given.host ?? variables.host ?? "localhost", given.port ?? variables.port)
      : addresses(inUrl.host, variables.port);
  const parameters = { ...variables, ...given };
  const username = inUrl.user || parameters.user;
  const password = inUrl.password || parameters.password;
  const { timeoutMs, attemptTimeoutMs, maxAttempts, schema, table, create, maxConnections } = given;
  return {
    hosts,
    username,
    password,
    database: inUrl.dbname || parameters.dbname || username,
    sslMode: parameters.sslmode,
    ...tlsFiles(parameters),
    sslNegotiation: parameters.sslnegotiation,
    channelBinding: parameters.channel_binding,
    serverOptions: parameters.options,
    applicationName: parameters.application_name ?? parameters.fallback_application_name,
    // To libpq, zero means no limit; the attempt has one all the same.
    connectTimeoutMs: parameters.connect_timeout === 0 ? undefined : seconds(parameters.connect_timeout),
    maxConnections,
    schema,
    table,
    create,
    prefix: given.prefix ?? settingOf(environment, "STATE_PREFIX"),
    timeoutMs,
    attemptTimeoutMs,
    maxAttempts,
  };
}

/** The user of the operating system, as PostgreSQL's own programs take it. */
export function defaultUsername(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a user that has no name.
    return "postgres";
  }
}

type StandardParameters = ReturnType<typeof readUrlOptions<typeof standardReaders>>;

function readVariables(environment: Readonly<Record<string, string | undefined>>): StandardParameters {
  const values: Record<string, unknown> = {};
  for (const [name, variable] of Object.entries(parameterVariables)) {
    const text = settingOf(environment, variable);
    if (text === undefined) continue;
    try {
      values[name] = standardReaders[name as keyof typeof parameterVariables](text);
    } catch (error) {
      throw urlError("postgres", `the environment variable ${variable}: ${(error as Error).message}`);
    }
  }
  return values;
}

function tlsFiles({ sslrootcert, sslcert, sslkey, sslpassword }: StandardParameters): Partial<PostgresStoreOptions> {
  return {
    // "system" is the authorities that the operating system trusts: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-SSLROOTCERT
    tlsCaFile: sslrootcert === "system" ? undefined : sslrootcert,
    tlsCertFile: sslcert,
    tlsKeyFile: sslkey,
    tlsKeyPassword: sslpassword,
  };
}

function seconds(count: number | undefined): number | undefined {
  return count === undefined ? undefined : count * 1_000;
}

/** The hosts as they stand in the URL. Where there are several, their ports are percent-encoded, except for the last one. */
function hostList({ hostname, port }: URL): string {
  const list = decode(hostname);
  return port === "" ? list : `${list}:${port}`;
}

function addresses(hosts: string, ports: string | undefined): readonly PostgresAddress[] {
  const found = hosts.split(",").map(readAddress);
  const common = ports?.split(",").map(readPort) ?? [];
  if (common.length > 1 && common.length !== found.length) {
    throw urlError("postgres", `there are ${found.length} hosts and ${common.length} ports`);
  }
  return found.map(({ host, port }, index) => ({
    host,
    port: port ?? common[common.length === 1 ? 0 : index] ?? postgresDefaults.port,
  }));
}

function readAddress(text: string): PostgresAddress {
  const [, directory, socketPort] = /^(\/[^\p{Cc}]*?)(?::(\d{1,5}))?$/u.exec(text) ?? [];
  if (directory !== undefined) {
    return socketPort === undefined ? { host: directory } : { host: directory, port: readPort(socketPort) };
  }
  const [, bracketed, plain, digits] =
    /^(?:\[([0-9a-f:.%]+)\]|([^\s\p{Cc}:?#%@/[\]\\]+|[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*))(?::(\d{1,5}))?$/iu.exec(
      text,
    ) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) {
    throw urlError(
      "postgres",
      "a host is none; expected names such as db.internal, or db-1.internal:5432,db-2.internal",
    );
  }
  return digits === undefined ? { host } : { host, port: readPort(digits) };
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/u.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw urlError("postgres", "a port is not a whole number from 1 to 65535");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw urlError("postgres", "a % in its user, password, host or database is not followed by two hexadecimal digits");
  }
}
