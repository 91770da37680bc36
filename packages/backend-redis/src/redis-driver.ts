import type { Capabilities, CheckpointEntry, StoreFinding } from "@holdpoint/core";
import {
  BodyTooLargeError,
  defaultMaxBodyBytes,
  DriverFailureError,
  PreconditionFailedError,
} from "@holdpoint/core/driver";
import type {
  CheckpointDriver,
  DriverContext,
  DriverFailure,
  DriverRecord,
  DriverWrite,
  ListContext,
  ReadContext,
} from "@holdpoint/core/driver";

import type { OneTimeCommandOptions } from "./redis-command.ts";
import type { RedisAnswer, RedisNode } from "./redis-connection.ts";
import { isCluster, RedisConnection } from "./redis-connection.ts";
import type { RedisClient } from "./redis-connection.ts";
import { assertCanAcknowledge, waitForAcknowledgement } from "./redis-durability.ts";
import type { RedisDurability } from "./redis-durability.ts";
import { classifyRedisError } from "./redis-error.ts";
import { inspectRedis } from "./redis-inspection.ts";
import { RedisKeys } from "./redis-key.ts";
import { listEntries } from "./redis-listing.ts";
import type { AskRedis, RedisScript } from "./redis-scripts.ts";
import { putScript, removeScript, replaceScript, runScript, sizeScript, touchScript } from "./redis-scripts.ts";
import { assertUsable, parseServerInfo } from "./redis-server-info.ts";
import type { RedisServerInfo } from "./redis-server-info.ts";
import { createVersion, decodeHead, decodeValue, maxHeaderBytes, valueHead, valueStart } from "./redis-value.ts";

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
}

/** Keeps each checkpoint in one Redis string. */
export class RedisDriver implements CheckpointDriver {
  readonly backend = "redis";
  readonly location: string;
  readonly capabilities: Capabilities;
  readonly #connection: RedisConnection;
  readonly #keys: RedisKeys;
  readonly #options: RedisDriverOptions;

  constructor(client: RedisClient, options: RedisDriverOptions) {
    this.location = options.location;
    this.#options = options;
    this.capabilities = {
      conditionalDelete: true,
      ttl: true,
      uniqueVersions: true,
      listsVersions: true,
      showsUnacknowledged: options.durability !== undefined,
      maxBodyBytes: defaultMaxBodyBytes,
    };
    this.#keys = new RedisKeys(options.prefix);
    this.#connection = new RedisConnection(client, {
      owned: options.owned,
      verify: (node) => this.#verify(node),
      explain: options.explain,
    });
  }

  async read(key: string, { signal, durable, maxBytes }: ReadContext): Promise<DriverRecord | null> {
    const { reply, connection } =
      maxBytes === undefined ? await this.#ask("get", key, [], signal) : await this.#readUpTo(maxBytes, key, signal);
    if (durable && this.#isDurable) await this.#touch(key, signal, connection);
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
    if (precondition.kind === "absent" && !this.#isDurable) {
      const expiry = ttlMs === undefined ? [] : ["PX", String(ttlMs)];
      const argv = [this.#keys.redisKey(key), value, "NX", ...expiry];
      const { reply } = await this.#connection.request("set", argv, { signal: context.signal, head });
      if (reply === null) throw new PreconditionFailedError();
      return { version };
    }
    const isReplacement = precondition.kind === "version";
    const condition = isReplacement ? valueStart(precondition.version) : precondition.kind;
    const argv = [value, condition, ...(ttlMs === undefined ? [] : [String(ttlMs)])];
    const script = isReplacement ? replaceScript : putScript;
    const { reply, connection } = await this.#run(script, key, argv, { signal: context.signal, head });
    if (reply === null) throw new PreconditionFailedError();
    if (this.#isDurable) await doneOnce(this.#acknowledged(connection));
    const answer = (reply as Buffer).toString();
    return { version: answer === "OK" ? version : answer };
  }

  async remove(key: string, ifVersion: string | undefined, { signal }: DriverContext): Promise<boolean> {
    const { reply, connection } = await this.#run(removeScript, key, [ifVersion ?? ""], { signal });
    if (String(reply) === "conflict") throw new PreconditionFailedError();
    const isRemoved = String(reply) === "removed";
    if (this.#isDurable) {
      // What is missing may be so because of a deletion, perhaps this very one, that has not been acknowledged.
      await doneOnce(isRemoved ? this.#acknowledged(connection) : this.#touch(key, signal, connection));
    }
    return isRemoved;
  }

  async timeToLive(key: string, { signal }: DriverContext): Promise<number | null> {
    const { reply } = await this.#ask("pttl", key, [], signal);
    // https://redis.io/docs/latest/commands/pttl/
    const leftMs = Number(reply);
    return leftMs === -2 ? null : leftMs === -1 ? Infinity : leftMs;
  }

  list(prefix: string, context: ListContext): AsyncIterable<readonly CheckpointEntry[]> {
    return listEntries(this.#connection, this.#keys, prefix, context);
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

  /** Whether a write counts only once it has been acknowledged as the options ask. */
  get #isDurable(): boolean {
    return this.#options.durability !== undefined;
  }

  #ask(name: string, key: string, argv: readonly string[], signal: AbortSignal): Promise<RedisAnswer> {
    return this.#connection.request(name, [this.#keys.redisKey(key), ...argv], { signal, repeatable: true });
  }

  /**
   * Reads a value if its body is not larger. With the command that reads a part, since a script that looks first would
   * cost the server several times as much, for each small value too.
   *
   * @throws {BodyTooLargeError}
   */
  async #readUpTo(maxBytes: number, key: string, signal: AbortSignal): Promise<RedisAnswer> {
    const mostBytes = maxHeaderBytes + maxBytes;
    for (;;) {
      const part = await this.#ask("getrange", key, ["0", String(mostBytes)], signal);
      const read = part.reply as Buffer;
      // The same for what is missing and for what is empty, which only this command tells apart.
      if (read.byteLength === 0) return await this.#ask("get", key, [], signal);
      if (read.byteLength <= mostBytes) return part;
      // By a script, since the value may be replaced at any time, and size and version are to be of one.
      const { reply } = await this.#run(sizeScript, key, [], { signal, repeatable: true });
      const [lengthBytes, start] = reply as [unknown, Buffer];
      const { version, bodyStart = 0 } = decodeHead(start) ?? {};
      const sizeBytes = Number(lengthBytes) - bodyStart;
      if (sizeBytes > maxBytes) throw new BodyTooLargeError(sizeBytes, version);
      // It was replaced in between.
    }
  }

  #run(
    script: RedisScript,
    key: string,
    argv: readonly (string | Buffer)[],
    options: OneTimeCommandOptions,
  ): Promise<RedisAnswer> {
    const ask: AskRedis = (name, args) => this.#connection.request(name, args, options);
    return runScript(ask, script, ["1", this.#keys.redisKey(key), ...argv]);
  }

  /** Waits until all that the server had when it answered on a connection is as safe as `durability` asks. */
  async #touch(key: string, signal: AbortSignal, connection: object | undefined): Promise<void> {
    await this.#run(touchScript, key, [], { signal, connection });
    await this.#acknowledged(connection);
  }

  async #acknowledged(connection: object | undefined): Promise<void> {
    const { durability } = this.#options;
    if (durability !== undefined) await waitForAcknowledgement(this.#connection, connection, durability);
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

/** Lets a write that the server has count as done once it is acknowledged; whatever prevents that leaves its outcome open. */
async function doneOnce(acknowledged: Promise<void>): Promise<void> {
  try {
    await acknowledged;
  } catch (error) {
    throw new DriverFailureError({ ...classifyRedisError(error), outcome: "unknown" });
  }
}
