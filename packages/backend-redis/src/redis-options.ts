import type { ConnectionOptions } from "node:tls";

import { CheckpointError } from "@holdpoint/core";
import type { StoreOptions } from "@holdpoint/core";
import {
  assertPathWithoutUser,
  booleanOption,
  integerOption,
  prefixRulesOption,
  readUrlOptions,
  settingOf,
  stateProxyPrefix,
  textOption,
  urlError,
} from "@holdpoint/core/driver";
import type { UrlOptionReader } from "@holdpoint/core/driver";

import type { RedisClient } from "./redis-connection.ts";
import type { RedisAcknowledgement } from "./redis-durability.ts";

/**
 * Where a server listens.
 *
 * @example
 * ```ts
 * await createRedisStore({ nodes: [{ host: "redis-1" }, { host: "redis-2", port: 7000 }] });
 * ```
 */
export interface RedisAddress {
  readonly host: string;
  /** @default 6379, for a sentinel 26379 */
  readonly port?: number | undefined;
}

/**
 * A master that sentinels know.
 *
 * @example
 * ```ts
 * await createRedisStore({ sentinels: { master: "mymaster", addresses: [{ host: "sentinel-1" }, { host: "sentinel-2" }] } });
 * ```
 */
export interface RedisSentinels {
  /** The name under which the sentinels watch the master. */
  readonly master: string;
  /** Sentinels to ask; they name the others. */
  readonly addresses: readonly RedisAddress[];
  /** @default none */
  readonly username?: string | undefined;
  /** The sentinels' password, which is not the server's. @default none */
  readonly password?: string | undefined;
}

/**
 * Options of {@link createRedisStore}. Exactly one of `host`, `nodes`, `sentinels` and `client` says where the server is.
 *
 * @example
 * ```ts
 * const options: RedisStoreOptions = { host: "redis.internal", password, tls: true, prefix: "team-a:" };
 * ```
 */
export interface RedisStoreOptions extends StoreOptions {
  /** The host of a single server. @default none */
  readonly host?: string | undefined;
  /** The port of that server. @default 6379 */
  readonly port?: number | undefined;
  /** Nodes of a cluster to start with; they name the others. @default none */
  readonly nodes?: readonly RedisAddress[] | undefined;
  /** A master that sentinels name. @default none */
  readonly sentinels?: RedisSentinels | undefined;
  /** A client of ioredis to use, which stays open when the store is closed. @default none */
  readonly client?: RedisClient | undefined;

  /** @default the server's default user */
  readonly username?: string | undefined;
  /** @default none */
  readonly password?: string | undefined;
  /** The number of the database; a cluster has only 0. @default 0 */
  readonly database?: number | undefined;
  /** Whether to speak TLS, or how. @default false */
  readonly tls?: boolean | ConnectionOptions | undefined;
  /** A PEM file with the authorities that may sign the server's certificate. @default those of Node */
  readonly tlsCaFile?: string | undefined;
  /** A PEM file with the client's certificate. @default none */
  readonly tlsCertFile?: string | undefined;
  /** A PEM file with the key of that certificate. @default none */
  readonly tlsKeyFile?: string | undefined;

  /** What every Redis key of the store begins with, as it stands. @default "holdpoint:" */
  readonly prefix?: string | undefined;
  /** What has to hold before a write counts as done. @default "server", which is that the master has it */
  readonly durability?: "server" | RedisAcknowledgement | undefined;
}

/** The prefix of Redis keys where nobody gives another. */
export const defaultPrefix = "holdpoint:";

const defaultPort = 6379;
const defaultSentinelPort = 26_379;

// An empty prefix is a choice: a database of its own needs none.
const prefixOption: UrlOptionReader<string> = (text) => text;

const readers = {
  prefix: prefixOption,
  prefixRules: prefixRulesOption,
  cluster: booleanOption,
  nodes: addressesOption(defaultPort),
  sentinelMaster: textOption,
  sentinels: addressesOption(defaultSentinelPort),
  sentinelUsername: textOption,
  sentinelPassword: textOption,
  tlsCaFile: textOption,
  tlsCertFile: textOption,
  tlsKeyFile: textOption,
  waitReplicas: integerOption,
  waitAof: booleanOption,
  waitTimeoutMs: integerOption,
};

/**
 * Reads `redis://[user[:password]@]host[:port][/database][?options]`, or `rediss:` for TLS.
 *
 * A URL without a host (`redis:`, `redis:///2?prefix=team-a:`) takes host, port, user and password from `REDIS_URL`, and
 * database and options where it has none of its own. `STATE_PREFIX` is the prefix where no URL gives one, and with
 * `prefixRules=state-proxy` a prefix counts as a connector of Asya's state proxy takes it: `crew` is `crew:`, and none is none; `REDIS_USERNAME`
 * and `REDIS_PASSWORD` are taken where no URL has a user or a password.
 *
 * @throws {CheckpointError} `invalid-argument`; the message repeats no password
 * @example
 * ```ts
 * parseRedisUrl(new URL("rediss://cache.internal/0?prefix=team-a:"), process.env);
 * ```
 */
export function parseRedisUrl(url: URL, environment: Readonly<Record<string, string | undefined>>): RedisStoreOptions {
  const own = readParts(url, "redis");
  const isSilent = own.address === undefined && own.options.nodes === undefined && own.options.sentinels === undefined;
  const fallback = isSilent ? readRedisUrlVariable(settingOf(environment, "REDIS_URL")) : undefined;
  const {
    cluster = false,
    nodes,
    sentinelMaster,
    sentinels,
    sentinelUsername,
    sentinelPassword,
    ...rest
  } = {
    ...fallback?.options,
    ...own.options,
  };
  const {
    waitReplicas,
    waitAof,
    waitTimeoutMs,
    prefix: ownPrefix = settingOf(environment, "STATE_PREFIX"),
    prefixRules,
    ...common
  } = rest;
  const prefix = prefixRules === "state-proxy" ? stateProxyPrefix(ownPrefix, ":") : (ownPrefix ?? defaultPrefix);
  const address = own.address ?? fallback?.address;
  const login = own.login ?? fallback?.login ?? loginFromEnvironment(environment);
  const database = own.database ?? fallback?.database;
  const options: RedisStoreOptions = {
    ...common,
    ...login,
    prefix,
    ...(database === undefined ? {} : { database }),
    ...(own.isTls || fallback?.isTls === true ? { tls: true } : {}),
    ...(waitReplicas === undefined && waitAof === undefined
      ? {}
      : { durability: { waitReplicas, waitAof, waitTimeoutMs } }),
  };
  if (waitTimeoutMs !== undefined && options.durability === undefined) {
    throw urlError("redis", "waitTimeoutMs is given, but neither waitReplicas nor waitAof");
  }
  if (sentinelMaster !== undefined) {
    if (cluster || nodes !== undefined) throw urlError("redis", "a cluster has no sentinels: give one or the other");
    const addresses = [...(address === undefined ? [] : [sentinelAddress(address)]), ...(sentinels ?? [])];
    return {
      ...options,
      sentinels: { master: sentinelMaster, addresses, username: sentinelUsername, password: sentinelPassword },
    };
  }
  if (sentinels !== undefined || sentinelUsername !== undefined || sentinelPassword !== undefined) {
    throw urlError("redis", "sentinels are given without sentinelMaster, the name of the master that they watch");
  }
  if (cluster || nodes !== undefined) {
    return { ...options, nodes: [...(address === undefined ? [] : [address]), ...(nodes ?? [])] };
  }
  return { ...options, ...address };
}

interface UrlParts {
  readonly isTls: boolean;
  readonly address: RedisAddress | undefined;
  readonly login: { readonly username?: string; readonly password?: string } | undefined;
  readonly database: number | undefined;
  readonly options: ReturnType<typeof readUrlOptions<typeof readers>>;
}

function readParts(url: URL, name: string): UrlParts {
  const { hostname, port, pathname, username, password } = url;
  assertPathWithoutUser(url);
  const path = /^\/?(\d{0,9})$/u.exec(pathname);
  if (path === null) {
    throw urlError(name, `the path is ${JSON.stringify(pathname)}; expected the number of a database, such as /0`);
  }
  if (url.hash !== "") throw urlError(name, "there is a # in it; write %23 where it belongs to a value");
  return {
    isTls: url.protocol === "rediss:",
    address:
      hostname === "" ? undefined : { host: hostOf(hostname, name), ...(port === "" ? {} : { port: Number(port) }) },
    login:
      username === "" && password === ""
        ? undefined
        : {
            ...(username === "" ? {} : { username: decode(username, name) }),
            ...(password === "" ? {} : { password: decode(password, name) }),
          },
    database: path[1] === "" ? undefined : Number(path[1]),
    options: readUrlOptions(url, readers),
  };
}

function readRedisUrlVariable(text: string | undefined): UrlParts {
  const name = "REDIS_URL";
  if (text === undefined) {
    throw urlError("redis", "it names no host, and the environment variable REDIS_URL, which could, is not set");
  }
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new CheckpointError(
      "invalid-argument",
      "The environment variable REDIS_URL is not a URL. Special characters in a user name or password must be percent-encoded.",
      { backend: "redis" },
    );
  }
  if (url.protocol !== "redis:" && url.protocol !== "rediss:") {
    throw urlError(name, "its scheme is another than redis: or rediss:");
  }
  return readParts(url, name);
}

function loginFromEnvironment(environment: Readonly<Record<string, string | undefined>>): UrlParts["login"] {
  const username = settingOf(environment, "REDIS_USERNAME");
  const password = settingOf(environment, "REDIS_PASSWORD");
  if (password === undefined) return undefined;
  return username === undefined ? { password } : { username, password };
}

function hostOf(hostname: string, name: string): string {
  const host = decode(hostname, name);
  if (/[\s\p{Cc}/?#%@\\]/u.test(host)) throw urlError(name, "its host has a character that no host has");
  return host.replace(/^\[(.*)\]$/u, "$1");
}

function decode(text: string, name: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw urlError(name, "a % in its user name, password or host is not followed by two hexadecimal digits");
  }
}

function sentinelAddress({ host, port = defaultSentinelPort }: RedisAddress): RedisAddress {
  return { host, port };
}

/** A URL option such as `host-1:6379,host-2:6379` or `[::1]:6379`. */
function addressesOption(port: number): UrlOptionReader<readonly RedisAddress[]> {
  return (text) =>
    text.split(",").map((address) => {
      const [, bracketed, plain, digits] =
        /^(?:\[([^\]]+)\]|([^\s\p{Cc}:?#%@/[\]\\]+))(?::(\d{1,5}))?$/u.exec(address) ?? [];
      const host = bracketed ?? plain;
      if (host === undefined) throw new Error(`expected addresses such as host-1:${port},host-2:${port}`);
      return { host, port: digits === undefined ? port : Number(digits) };
    });
}
