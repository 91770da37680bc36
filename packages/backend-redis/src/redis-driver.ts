import { CheckpointError } from "@holdpoint/core";
import type { Capabilities, CheckpointEntry, StoreFinding } from "@holdpoint/core";
import { defaultMaxBodyBytes, PreconditionFailedError, DriverFailureError } from "@holdpoint/core/driver";
import type { CheckpointDriver, DriverContext, DriverFailure, DriverRecord, DriverWrite } from "@holdpoint/core/driver";

import type { OneTimeCommandOptions } from "./redis-command.ts";
import type { RedisAnswer, RedisNode } from "./redis-connection.ts";
import { isCluster, RedisConnection } from "./redis-connection.ts";
import type { RedisClient } from "./redis-connection.ts";
import { assertCanAcknowledge, waitForAcknowledgement } from "./redis-durability.ts";
import type { RedisDurability } from "./redis-durability.ts";
import { AnswerLostError, classifyRedisError, isReplyError } from "./redis-error.ts";
import { inspectRedis } from "./redis-inspection.ts";
import { RedisKeys } from "./redis-key.ts";
import { listEntries } from "./redis-listing.ts";
import type { RedisScript } from "./redis-scripts.ts";
import { putScript, removeScript } from "./redis-scripts.ts";
import { assertUsable, parseServerInfo } from "./redis-server-info.ts";
import type { RedisServerInfo } from "./redis-server-info.ts";
import { createVersion, decodeValue, valueHead } from "./redis-value.ts";

/** Options of {@link RedisDriver}. */
export interface RedisDriverOptions {
  /** Whether the client is ours to connect and to close. */
  readonly owned: boolean;
  readonly location: string;
  readonly prefix: string;
  /** The number of the database that must be selected; `undefined`: whichever the client has selected. */
  readonly database: number | undefined;
  readonly durability: RedisDurability | undefined;
  /** Finds out why no connection can be made, where ioredis does not tell. */
  readonly explain?: (() => Promise<unknown>) | undefined;
  /** The deadline that the store gives each attempt, in milliseconds. */
  readonly attemptTimeoutMs: number;
}

/** Keeps each checkpoint in one Redis string. */
export class RedisDriver implements CheckpointDriver {
  readonly backend = "redis";
  readonly location: string;
  readonly capabilities: Capabilities = {
    conditionalDelete: true,
    ttl: true,
    uniqueVersions: true,
    maxBodyBytes: defaultMaxBodyBytes,
  };
  readonly #connection: RedisConnection;
  readonly #keys: RedisKeys;
  readonly #options: RedisDriverOptions;

  constructor(client: RedisClient, options: RedisDriverOptions) {
    this.location = options.location;
    this.#options = options;
    this.#keys = new RedisKeys(options.prefix);
    this.#connection = new RedisConnection(client, {
      owned: options.owned,
      verify: (node) => this.#verify(node),
      explain: options.explain,
    });
  }

  async read(key: string, { signal }: DriverContext): Promise<DriverRecord | null> {
    const { reply } = await this.#connection.request("get", [this.#keys.redisKey(key)], { signal, repeatable: true });
    if (reply === null) return null;
    const value = decodeValue(reply as Buffer);
    if (value === undefined) {
      throw new DriverFailureError({
        code: "corrupt",
        retryable: false,
        outcome: "not-applied",
        message: `the first line of the string at ${JSON.stringify(this.#keys.redisKey(key))} is damaged`,
        remedy: "Look at it with GET. To give it up, delete the key, or put without a condition.",
      });
    }
    return value;
  }

  async write(key: string, body: Uint8Array, write: DriverWrite, context: DriverContext): Promise<{ version: string }> {
    const { precondition, writeId, ttlMs } = write;
    const version = createVersion(writeId);
    const head = valueHead(version, writeId);
    const value = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    // A plain command does it, and costs the server less. To wait for what a repeated write finds done takes the script.
    if (precondition.kind === "absent" && this.#options.durability === undefined) {
      const expiry = ttlMs === undefined ? [] : ["PX", String(ttlMs)];
      const argv = [this.#keys.redisKey(key), value, "NX", ...expiry];
      const { reply } = await this.#connection.request("set", argv, { signal: context.signal, head });
      if (reply === null) throw new PreconditionFailedError();
      return { version };
    }
    const argv = [
      value,
      version,
      writeId,
      precondition.kind,
      precondition.kind === "version" ? precondition.version : "",
      ttlMs === undefined ? "" : String(ttlMs),
    ];
    const { reply } = await this.#durably("put", key, context, async (signal) => {
      const answer = await this.#run(putScript, key, argv, { signal, head });
      if (answer.reply === null) throw new PreconditionFailedError();
      return answer;
    });
    return { version: String(reply) };
  }

  async remove(key: string, ifVersion: string | undefined, context: DriverContext): Promise<boolean> {
    const { reply } = await this.#durably("delete", key, context, async (signal) => {
      const answer = await this.#run(removeScript, key, [ifVersion ?? ""], { signal });
      if (String(answer.reply) === "conflict") throw new PreconditionFailedError();
      return answer;
    });
    return String(reply) === "removed";
  }

  list(prefix: string, { signal }: DriverContext): AsyncIterable<readonly CheckpointEntry[]> {
    return listEntries(this.#connection, this.#keys, prefix, signal);
  }

  async check(): Promise<void> {
    const { client } = this.#connection;
    const { durability } = this.#options;
    await this.#connection.ready();
    const nodes = isCluster(client) ? client.nodes("master") : [client];
    for (const node of nodes) {
      const info = await this.#serverInfo(node);
      assertUsable(info, isCluster(client) ? "cluster" : "standalone");
      if (durability !== undefined) assertCanAcknowledge(info, durability);
    }
  }

  async inspect(): Promise<readonly StoreFinding[]> {
    return await inspectRedis(this.#connection, this.#options.durability);
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  classify(error: unknown): DriverFailure {
    return classifyRedisError(error);
  }

  /** Runs a script by its digest; a server that does not know it yet gets it whole, which costs one more request once. */
  async #run(
    script: RedisScript,
    key: string,
    argv: readonly (string | Buffer)[],
    options: OneTimeCommandOptions,
  ): Promise<RedisAnswer> {
    const rest = ["1", this.#keys.redisKey(key), ...argv];
    try {
      return await this.#connection.request("evalsha", [script.sha1, ...rest], options);
    } catch (error) {
      if (!isReplyError(error) || !error.message.startsWith("NOSCRIPT")) throw error;
      return await this.#connection.request("eval", [script.source, ...rest], options);
    }
  }

  /**
   * Lets a write count as done only when it has been acknowledged as the option `durability` asks.
   *
   * A write that the master has but others do not is neither done nor undone, and reading it back, which is how the
   * store settles a lost answer, would only show that the master has it. So this is an error with `outcome: "unknown"`
   * that the store is not asked to settle: it hands on a CheckpointError as it is.
   */
  async #durably(
    operation: "put" | "delete",
    key: string,
    { signal }: DriverContext,
    write: (signal: AbortSignal) => Promise<RedisAnswer>,
  ): Promise<RedisAnswer> {
    const { durability, attemptTimeoutMs } = this.#options;
    if (durability === undefined) return await write(signal);
    const { promise: late, reject } = Promise.withResolvers<never>();
    // Before the store's own deadline, which it would settle.
    const deadline = setTimeout(() => reject(new AnswerLostError(undefined)), attemptTimeoutMs * 0.9);
    try {
      return await Promise.race([late, this.#acknowledged(durability, write(signal))]);
    } catch (error) {
      if (!(error instanceof AnswerLostError)) throw error;
      throw new CheckpointError(
        "unavailable",
        `redis: cannot ${operation} ${JSON.stringify(key)} at ${this.location}: the write was sent, and it was not acknowledged as durability asks (${describeDurability(durability)}). It may have been applied, and may be lost if the master fails now. Look at the replicas and the append-only file, then read the key.`,
        { backend: this.backend, operation, key, outcome: "unknown", cause: error },
      );
    } finally {
      clearTimeout(deadline);
    }
  }

  async #acknowledged(durability: RedisDurability, write: Promise<RedisAnswer>): Promise<RedisAnswer> {
    const answer = await write;
    try {
      await waitForAcknowledgement(this.#connection, answer.connection, durability);
    } catch (error) {
      throw new AnswerLostError(error);
    }
    return answer;
  }

  async #serverInfo(node: RedisNode): Promise<RedisServerInfo> {
    const { reply } = await this.#connection.requestFrom(node, "info", [], { repeatable: true });
    const info = parseServerInfo(String(reply));
    if (info !== undefined) return info;
    throw new DriverFailureError({
      code: "unsupported",
      retryable: false,
      outcome: "not-applied",
      message: "what answers at this address does not say which version of Redis it is",
      remedy: "Use Redis 6.2 or newer, or Valkey.",
    });
  }

  async #verify(node: RedisNode): Promise<void> {
    const { owned, database } = this.#options;
    // ioredis goes on in database 0 if it cannot select the one that it was told: only an answer of our own shows it.
    if (database !== undefined && database !== 0) {
      await this.#connection.requestFrom(node, "select", [String(database)], { repeatable: true });
    }
    const info = await this.#serverInfo(node);
    // After a failover the same name may belong to another server, which only a new connection finds.
    if (owned && info.role !== "master") node.disconnect(true);
    assertUsable(info, "standalone");
  }
}

function describeDurability({ waitReplicas, waitAof, waitTimeoutMs }: RedisDurability): string {
  return `waitReplicas=${waitReplicas}, waitAof=${waitAof}, waitTimeoutMs=${waitTimeoutMs}`;
}
