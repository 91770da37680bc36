import { CheckpointError } from "@holdpoint/core";
import type { CheckpointBackend, CheckpointStore } from "@holdpoint/core";
import { defaultAttemptTimeoutMs, openDriver } from "@holdpoint/core/driver";

import { createRedisClient, explainFailure, firstAddress } from "./redis-client.ts";
import type { RedisClient } from "./redis-connection.ts";
import { RedisDriver } from "./redis-driver.ts";
import { readDurability } from "./redis-durability.ts";
import { locationOf, placeOf } from "./redis-location.ts";
import { defaultPrefix, parseRedisUrl } from "./redis-options.ts";
import type { RedisStoreOptions } from "./redis-options.ts";

export type { RedisClient } from "./redis-connection.ts";
export type { RedisAcknowledgement } from "./redis-durability.ts";
export type { RedisAddress, RedisSentinels, RedisStoreOptions } from "./redis-options.ts";

declare module "@holdpoint/core" {
  interface StoreConfigs {
    redis: RedisStoreOptions;
  }
}

/**
 * Opens a store in Redis or Valkey, and makes sure that it can be used.
 *
 * @example
 * ```ts
 * await using store = await createRedisStore({ host: "127.0.0.1", prefix: "team-a:" });
 * ```
 * @throws {CheckpointError} `invalid-argument`, `permission-denied`, `unavailable`, `timeout`, `unsupported` (a server
 * that is too old, is something else than Redis, or cannot give the `durability` that is asked for)
 */
export async function createRedisStore(options: RedisStoreOptions): Promise<CheckpointStore> {
  assertOptions(options);
  const { client, attemptTimeoutMs = defaultAttemptTimeoutMs, prefix = defaultPrefix } = options;
  const fullPrefix = (client === undefined ? "" : keyPrefixOf(client)) + prefix;
  const durability = readDurability(options.durability ?? "server", attemptTimeoutMs);
  const usedClient = client ?? (await createRedisClient(options, attemptTimeoutMs));
  const driver = new RedisDriver(usedClient, {
    owned: client === undefined,
    explain: client === undefined ? () => explainFailure(usedClient, options) : undefined,
    location: locationOf(options, fullPrefix),
    prefix: fullPrefix,
    database: client === undefined && options.nodes === undefined ? (options.database ?? 0) : undefined,
    durability,
  });
  const speaksPlainly = client === undefined && (options.tls ?? false) === false;
  return await openDriver(
    driver,
    options,
    speaksPlainly ? { ...firstAddress(options), remedy: "Use rediss: instead of redis:, or tls: true." } : undefined,
  );
}

/** The backend of `redis:` and `rediss:` URLs. */
export const backend: CheckpointBackend<RedisStoreOptions> = {
  name: "redis",
  schemes: ["redis", "rediss"],
  parseUrl: parseRedisUrl,
  open: createRedisStore,
  variables: ["REDIS_URL", "REDIS_USERNAME", "REDIS_PASSWORD", "STATE_PREFIX"],
  listPermission: "+scan",
  placeOf,
};

const exclusiveWithClient = [
  "port",
  "username",
  "password",
  "database",
  "tls",
  "tlsCaFile",
  "tlsCertFile",
  "tlsKeyFile",
] as const satisfies readonly (keyof RedisStoreOptions)[];

function assertOptions(options: RedisStoreOptions): void {
  const { host, port, nodes, sentinels, client, database = 0, prefix = "" } = options;
  const places = Object.entries({ host, nodes, sentinels, client }).filter(([, value]) => value !== undefined);
  if (places.length !== 1) {
    const found = places.length === 0 ? "none" : places.map(([name]) => name).join(" and ");
    throw invalid(`exactly one of host, nodes, sentinels and client says where the server is; given: ${found}`);
  }
  if (client !== undefined) {
    for (const name of exclusiveWithClient) {
      if (options[name] !== undefined) throw invalid(`${name} and client exclude each other: set it on the client`);
    }
  }
  if (nodes?.length === 0) throw invalid("nodes is empty; expected at least one node of the cluster");
  if (sentinels?.addresses.length === 0) throw invalid("there is no address of a sentinel");
  for (const address of [{ host, port }, ...(nodes ?? []), ...(sentinels?.addresses ?? [])]) assertPort(address.port);
  if (!Number.isSafeInteger(database) || database < 0) {
    throw invalid(`database is ${String(database)}; expected a whole number from 0`);
  }
  if (nodes !== undefined && database !== 0) throw invalid(`database is ${database}; a cluster has only 0`);
  if (typeof prefix !== "string" || !prefix.isWellFormed()) throw invalid("prefix is not a well-formed string");
}

function assertPort(port: number | undefined): void {
  if (port === undefined || (Number.isSafeInteger(port) && port >= 1 && port <= 65_535)) return;
  throw invalid(`a port is ${String(port)}; expected a whole number from 1 to 65535`);
}

/** The prefix that the client puts before every key. The store does it itself, because in `SCAN` the client does not. */
function keyPrefixOf(client: RedisClient): string {
  const { keyPrefix = "" } = client.options;
  if (typeof keyPrefix === "string") return keyPrefix;
  throw invalid("the client's keyPrefix is not a string; use the store's own prefix");
}

function invalid(problem: string): CheckpointError {
  return new CheckpointError("invalid-argument", `redis: cannot open the store: ${problem}.`, { backend: "redis" });
}
