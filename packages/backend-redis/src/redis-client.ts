import { readFile } from "node:fs/promises";
import type { ConnectionOptions } from "node:tls";

import { CheckpointError } from "@holdpoint/core";
import { DriverFailureError, isError } from "@holdpoint/core/driver";
import type { DriverFailure, ServerAddress } from "@holdpoint/core/driver";
import { Cluster, Redis } from "ioredis";
import type { RedisOptions } from "ioredis";

import { answersWithoutTls } from "./answers-without-tls.ts";
import type { RedisClient } from "./redis-connection.ts";
import { isCluster } from "./redis-connection.ts";
import { isReadOnlyError, withoutArguments } from "./redis-error.ts";
import type { RedisStoreOptions } from "./redis-options.ts";

const maxConnectTimeoutMs = 5_000;
// These two bound how long something that never answers can keep the process alive after close().
const maxLookupTimeoutMs = 2_000;
const disconnectTimeoutMs = 500;

const noAnswer: DriverFailure = {
  code: "timeout",
  retryable: true,
  outcome: "not-applied",
  message: "something accepts connections at this address, and answers nothing",
  remedy: "Check host and port, and that the server is not stuck.",
};

const noTls: DriverFailure = {
  code: "unavailable",
  retryable: false,
  outcome: "not-applied",
  message: "the server does not speak TLS at this port",
  remedy: "Use redis: instead of rediss:, or give the port at which the server speaks TLS.",
};

/**
 * Makes a client of ioredis that connects when it is first used, and leaves to the store what is the store's: it never
 * sends a request twice, never keeps one for later, and always goes on trying to reconnect.
 *
 * @throws {CheckpointError} `invalid-argument` if a file that the options name cannot be read
 */
export async function createRedisClient(options: RedisStoreOptions, attemptTimeoutMs: number): Promise<RedisClient> {
  const { username, password, database, host, port = 6379, nodes, sentinels } = options;
  const tls = await tlsOptions(options);
  const retryStrategy = reconnectDelay(attemptTimeoutMs);
  const connectTimeoutMs = Math.min(maxConnectTimeoutMs, attemptTimeoutMs);
  const lookupTimeoutMs = Math.min(maxLookupTimeoutMs, attemptTimeoutMs);
  const common = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
    connectionName: "holdpoint",
    connectTimeout: connectTimeoutMs,
    disconnectTimeout: disconnectTimeoutMs,
    // A connection whose other end is gone without a word is given up, and not before the attempt's own deadline.
    socketTimeout: attemptTimeoutMs + 500,
    // 0 rejects what is in flight as soon as the connection breaks, and not at some later reconnection.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    lazyConnect: true,
  } satisfies RedisOptions;

  if (nodes !== undefined) {
    return new Cluster(
      nodes.map((node) => ({ host: node.host, port: node.port ?? 6379 })),
      {
        redisOptions: common,
        lazyConnect: true,
        // Without it a request to a node that is just being connected would be refused.
        enableOfflineQueue: true,
        // The server's own CLUSTERDOWN says more than a ready check that fails.
        enableReadyCheck: false,
        scaleReads: "master",
        // Names are left to the socket, because certificates are made out to names:
        // https://github.com/redis/ioredis#special-note-aws-elasticache-clusters-with-tls
        dnsLookup: (address, callback) => callback(null, address),
        clusterRetryStrategy: retryStrategy,
        slotsRefreshTimeout: lookupTimeoutMs,
        // After a broken connection nobody knows whether the request was carried out.
        retryDelayOnFailover: 0,
        retryDelayOnClusterDown: 0,
      },
    );
  }
  const single = {
    ...common,
    db: database ?? 0,
    enableOfflineQueue: false,
    // LOADING as an answer says more than waiting does. With sentinels it is the check that the master is one.
    enableReadyCheck: sentinels !== undefined,
    retryStrategy,
    // After a failover the same name may belong to another server. The request itself is not sent again.
    reconnectOnError: (error) => (isReadOnlyError(error) ? 1 : false),
  } satisfies RedisOptions;
  if (sentinels === undefined) return new Redis({ ...single, host: host ?? "localhost", port });
  return new Redis({
    ...single,
    name: sentinels.master,
    role: "master",
    sentinels: sentinels.addresses.map((address) => ({ host: address.host, port: address.port ?? 26_379 })),
    ...(sentinels.username === undefined ? {} : { sentinelUsername: sentinels.username }),
    ...(sentinels.password === undefined ? {} : { sentinelPassword: sentinels.password }),
    ...(tls === undefined ? {} : { enableTLSForSentinelMode: true, sentinelTLS: tls }),
    sentinelCommandTimeout: lookupTimeoutMs,
    sentinelRetryStrategy: retryStrategy,
  });
}

/**
 * Finds out why no node or sentinel can be used: ioredis drops the errors of the connections that it asks them by. The
 * first error that a connection to one of them meets, or that it answers nothing in time; `undefined` if all answer.
 * Of a single server ioredis tells everything but that it waits in vain for an answer to TLS.
 */
export async function explainFailure(client: RedisClient, options: RedisStoreOptions): Promise<unknown> {
  const shared = isCluster(client) ? client.options.redisOptions : client.options;
  const problem = firstProblem(shared, options);
  if (shared?.tls === undefined) return await problem;
  const { host, port } = firstAddress(options);
  const isPlain = answersWithoutTls(host, port).then((answers) => (answers ? new DriverFailureError(noTls) : problem));
  // Meanwhile the client goes on connecting, so what is certain is said at once.
  const isCertain = problem.then((reason) => (isCertificateError(reason) ? reason : isPlain));
  return await Promise.race([isPlain, isCertain]);
}

/** A server was reached that speaks TLS, and has shown its certificate. */
function isCertificateError(error: unknown): boolean {
  return isError(error) && /CERT|SIGNATURE|ISSUER/u.test((error as NodeJS.ErrnoException).code ?? "");
}

async function firstProblem(shared: Partial<RedisOptions> | undefined, options: RedisStoreOptions): Promise<unknown> {
  const { nodes, sentinels } = options;
  const login = sentinels ?? options;
  for (const { host, port = nodes === undefined ? 26_379 : 6379 } of nodes ?? sentinels?.addresses ?? []) {
    const probe = new Redis({
      host,
      port,
      ...(login.username === undefined ? {} : { username: login.username }),
      ...(login.password === undefined ? {} : { password: login.password }),
      ...(shared?.tls === undefined ? {} : { tls: shared.tls }),
      connectTimeout: shared?.connectTimeout,
      disconnectTimeout: disconnectTimeoutMs,
      retryStrategy: null,
      enableReadyCheck: false,
      lazyConnect: true,
    });
    const { promise, resolve } = Promise.withResolvers<unknown>();
    probe.on("error", resolve);
    // Any answer will do, also an error: the server is there.
    probe.ping().then(
      () => resolve(undefined),
      () => resolve(undefined),
    );
    const timer = setTimeout(
      () => resolve(new DriverFailureError(noAnswer)),
      shared?.connectTimeout ?? maxConnectTimeoutMs,
    );
    const reason = await promise;
    clearTimeout(timer);
    probe.disconnect();
    if (reason !== undefined) return withoutArguments(reason);
  }
  return undefined;
}

/** The first of the servers that the options name. */
export function firstAddress({ host = "localhost", port = 6379, nodes, sentinels }: RedisStoreOptions): ServerAddress {
  const [first = { host, port }] = nodes ?? sentinels?.addresses ?? [];
  return { host: first.host, port: first.port ?? (sentinels === undefined ? 6379 : 26_379) };
}

/**
 * How long to wait before the n-th attempt to connect again: less than one attempt of the store, which would otherwise
 * end before it learns why there is no connection. The store gives up at some time, the client never does.
 */
function reconnectDelay(attemptTimeoutMs: number): (times: number) => number {
  const longestMs = Math.min(1_000, attemptTimeoutMs / 4);
  return (times) => Math.min(50 * 2 ** Math.min(times - 1, 10), longestMs) * (0.5 + Math.random() / 2);
}

async function tlsOptions(options: RedisStoreOptions): Promise<ConnectionOptions | undefined> {
  const { tls = false, tlsCaFile, tlsCertFile, tlsKeyFile } = options;
  if (tls === false) {
    if (tlsCaFile === undefined && tlsCertFile === undefined && tlsKeyFile === undefined) return undefined;
    throw new CheckpointError(
      "invalid-argument",
      "redis: a TLS file is given, but not TLS itself. Use rediss: or tls: true.",
      {
        backend: "redis",
      },
    );
  }
  const [ca, cert, key] = await Promise.all([
    readPemFile("tlsCaFile", tlsCaFile),
    readPemFile("tlsCertFile", tlsCertFile),
    readPemFile("tlsKeyFile", tlsKeyFile),
  ]);
  return { ...(tls === true ? {} : tls), ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

async function readPemFile(option: string, path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch (error) {
    throw new CheckpointError(
      "invalid-argument",
      `redis: ${option} names ${JSON.stringify(path)}, which cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      { backend: "redis", cause: error },
    );
  }
}
