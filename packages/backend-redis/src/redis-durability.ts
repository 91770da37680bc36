import { CheckpointError } from "@holdpoint/core";

import { DriverFailureError } from "@holdpoint/core/driver";

import type { RedisConnection } from "./redis-connection.ts";
import { isCluster } from "./redis-connection.ts";
import { AnswerLostError } from "./redis-error.ts";
import type { RedisServerInfo } from "./redis-server-info.ts";
import { isAtLeast } from "./redis-server-info.ts";

/**
 * What has to hold before a write counts as done, beyond the server's own settings.
 *
 * @example
 * ```ts
 * await createRedisStore({ host, durability: { waitReplicas: 1, waitTimeoutMs: 500 } });
 * ```
 */
export interface RedisAcknowledgement {
  /**
   * How many replicas must have received the write.
   *
   * @default 0
   */
  readonly waitReplicas?: number | undefined;
  /**
   * Whether the master, and those replicas, must have written it to their append-only file and fsynced it
   * (`WAITAOF`, Redis 7.2 and Valkey). Without it replicas acknowledge from memory (`WAIT`).
   *
   * @default false
   */
  readonly waitAof?: boolean | undefined;
  /**
   * How long to wait for that, in milliseconds. At most half of the store's `attemptTimeoutMs`.
   *
   * @default 1000
   */
  readonly waitTimeoutMs?: number | undefined;
}

/** {@link RedisAcknowledgement} with its defaults. */
export type RedisDurability = {
  readonly [Name in keyof RedisAcknowledgement]-?: Exclude<RedisAcknowledgement[Name], undefined>;
};

/**
 * Checks the option `durability` and fills in its defaults; `undefined` if there is nothing to wait for.
 *
 * @throws {CheckpointError} `invalid-argument`
 */
export function readDurability(
  option: "server" | RedisAcknowledgement,
  attemptTimeoutMs: number,
): RedisDurability | undefined {
  if (option === "server") return undefined;
  const { waitReplicas = 0, waitAof = false, waitTimeoutMs = 1_000 } = option;
  const mostMs = Math.floor(attemptTimeoutMs / 2);
  if (!Number.isSafeInteger(waitReplicas) || waitReplicas < 0) {
    throw optionError(`waitReplicas is ${String(waitReplicas)}; expected a whole number from 0`);
  }
  if (!Number.isSafeInteger(waitTimeoutMs) || waitTimeoutMs < 1 || waitTimeoutMs > mostMs) {
    throw optionError(
      `waitTimeoutMs is ${String(waitTimeoutMs)}; expected a whole number from 1 to ${mostMs}, half of attemptTimeoutMs`,
    );
  }
  return waitReplicas === 0 && !waitAof ? undefined : { waitReplicas, waitAof, waitTimeoutMs };
}

function optionError(problem: string): CheckpointError {
  return new CheckpointError("invalid-argument", `redis: ${problem}.`, { backend: "redis" });
}

/** Throws what makes it impossible that this master keeps the promise now. */
export function assertCanAcknowledge(info: RedisServerInfo, durability: RedisDurability): void {
  const { waitReplicas, waitAof } = durability;
  if (waitAof && !isAtLeast(info.version, "7.2")) {
    throw new DriverFailureError({
      code: "unsupported",
      retryable: false,
      outcome: "not-applied",
      message: `waitAof needs WAITAOF, which Redis has since 7.2; this is ${info.product} ${info.productVersion}`,
      remedy: "Use a newer server, or waitReplicas without waitAof.",
    });
  }
  if (waitAof && !info.hasAppendOnlyFile) {
    throw new DriverFailureError({
      code: "unsupported",
      retryable: false,
      outcome: "not-applied",
      message: "waitAof needs an append-only file, and the server keeps none",
      remedy: "Set appendonly yes on the server, or leave out waitAof.",
    });
  }
  if (info.connectedReplicas < waitReplicas) {
    throw new DriverFailureError({
      code: "unavailable",
      retryable: true,
      outcome: "not-applied",
      message: `waitReplicas asks for ${waitReplicas}, and the server has ${info.connectedReplicas} connected`,
      remedy: "Look at the replicas, or ask for fewer.",
      retryAfterMs: 1_000,
    });
  }
}

/**
 * Waits until everything that was written on `written` has been acknowledged as asked.
 *
 * @see https://redis.io/docs/latest/commands/wait/
 * @see https://redis.io/docs/latest/commands/waitaof/
 * @throws {DriverFailureError} if too few acknowledged in time
 * @throws if the connection is gone, after which nobody can tell
 */
export async function waitForAcknowledgement(
  connection: RedisConnection,
  written: object | undefined,
  durability: RedisDurability,
): Promise<void> {
  const { waitReplicas, waitAof, waitTimeoutMs } = durability;
  const { client } = connection;
  const node = isCluster(client) ? client.nodes("master").find(({ stream }) => stream === written) : client;
  if (node === undefined) throw new AnswerLostError(undefined);
  const [name, asked] = waitAof ? ["waitaof", [1, waitReplicas]] : ["wait", [waitReplicas]];
  const { reply } = await connection.requestFrom(node, name, [...asked, waitTimeoutMs].map(String), {
    connection: written,
  });
  const acknowledged = [reply].flat().map(Number);
  if (asked.every((count, index) => (acknowledged[index] ?? 0) >= count)) return;
  throw new DriverFailureError({
    code: "unavailable",
    // Waiting again holds up all that goes over this connection, and has been done once by then.
    retryable: false,
    outcome: "unknown",
    message: `the master has it, and it was not acknowledged as durability asks (waitReplicas=${waitReplicas}, waitAof=${waitAof}, waitTimeoutMs=${waitTimeoutMs}; ${name} asked for ${asked.join(" and ")} and got ${acknowledged.join(" and ")})`,
    remedy: "It may be lost if the master fails now: look at the replicas and the append-only file, and try again.",
  });
}
