import type { EventEmitter } from "node:events";
import { Socket } from "node:net";
import { TLSSocket } from "node:tls";

import type { Cluster, Redis } from "ioredis";

import { DriverFailureError, isError } from "@holdpoint/core/driver";

import { OneTimeCommand } from "./redis-command.ts";
import type { OneTimeCommandOptions } from "./redis-command.ts";
import {
  AnswerLostError,
  isReadOnlyError,
  isReplyError,
  isSentinelError,
  RequestNotSentError,
  withoutArguments,
} from "./redis-error.ts";

/**
 * A client of ioredis, for one server, for a master that Sentinels name, or for a cluster.
 *
 * @example
 * ```ts
 * const client: RedisClient = new Cluster([{ host: "redis-1", port: 6379 }]);
 * await using store = await createRedisStore({ client });
 * ```
 */
export type RedisClient = Redis | Redis<"resp3"> | Cluster | Cluster<"resp3">;

/** One connection of ioredis to one server. */
export type RedisNode = Redis | Redis<"resp3">;

export function isCluster(client: RedisClient): client is Cluster | Cluster<"resp3"> {
  return client.isCluster;
}

/** Options of {@link RedisConnection}. */
export interface RedisConnectionOptions {
  /** Whether the client is ours to connect, to reconnect and to close. */
  readonly owned: boolean;
  /** Called on each new connection to a single server, before anything else is sent on it; its rejection fails the requests that wait. */
  readonly verify: (node: RedisNode) => Promise<void>;
  /** Finds out why no connection can be made, where ioredis does not tell. */
  readonly explain?: (() => Promise<unknown>) | undefined;
}

/** The answer to one request. */
export interface RedisAnswer {
  /** Bulk strings are Buffers. */
  readonly reply: unknown;
  /** The connection that carried the request. */
  readonly connection: object | undefined;
}

/** Whether a connection is fit for use. */
interface Verification {
  isDone: boolean;
  readonly done: Promise<void>;
}

const closeTimeoutMs = 1_000;

/**
 * A client of ioredis behind the few things that a driver needs: be ready, send once, close. What fails says whether
 * the request was sent.
 */
export class RedisConnection {
  readonly client: RedisClient;
  readonly #options: RedisConnectionOptions;
  readonly #closing = new AbortController();
  #verified = new WeakMap<object, Verification>();
  #connecting: Promise<void> | undefined;
  #lastError: unknown;

  constructor(client: RedisClient, options: RedisConnectionOptions) {
    this.client = client;
    this.#options = options;
    if (!options.owned) return;
    // A client without a listener prints its errors.
    const events: EventEmitter = client;
    events.on("error", this.#remember);
    events.on("node error", this.#remember);
    events.on("ready", () => this.#remember(undefined));
  }

  /** Waits until requests can be sent. Rejects when an attempt to connect fails, while the client goes on trying. */
  async ready(): Promise<void> {
    const { client } = this;
    if (client.status !== "ready") {
      this.#connecting ??= this.#connect().finally(() => {
        this.#connecting = undefined;
      });
      await this.#connecting;
    }
    if (!isCluster(client)) await this.#verify(client);
  }

  /** Sends one request to the server, or in a cluster to the master that has the key. */
  request(name: string, args: readonly (string | Buffer)[], options?: OneTimeCommandOptions): Promise<RedisAnswer> {
    const send = (): Promise<RedisAnswer> => this.requestFrom(this.client, name, args, options);
    return this.#isReady() ? send() : this.ready().then(send);
  }

  /** Sends one request to a certain node, or by a client that is known to be ready. */
  async requestFrom(
    target: RedisClient,
    name: string,
    args: readonly (string | Buffer)[],
    options: OneTimeCommandOptions = {},
  ): Promise<RedisAnswer> {
    options.signal?.throwIfAborted();
    const command = new OneTimeCommand(name, args, options);
    const giveUp = (): void => this.#giveUp(command);
    if (command.isLarge) options.signal?.addEventListener("abort", giveUp, { once: true });
    let reply: unknown;
    try {
      const answer = target.sendCommand(command);
      if (target.isCluster) command.forgetRedirections();
      reply = await answer;
    } catch (error) {
      const isAnswer = command.isAnswer(error);
      withoutArguments(error);
      if (isAnswer) {
        // The master has become a replica, whose answers may be out of date.
        if (isReadOnlyError(error)) this.#verified = new WeakMap();
        throw error;
      }
      const reason = isReplyError(error) || hasCode(error) ? error : (this.#lastError ?? error);
      throw command.connection === undefined ? new RequestNotSentError(reason) : new AnswerLostError(reason);
    } finally {
      options.signal?.removeEventListener("abort", giveUp);
    }
    if (command.withheld) {
      options.signal?.throwIfAborted();
      throw command.connection === undefined
        ? new RequestNotSentError(this.#lastError)
        : new AnswerLostError(this.#lastError);
    }
    return { reply, connection: command.connection };
  }

  /** Closes the client if it is ours. Requests in flight may still be answered within a second. */
  async close(): Promise<void> {
    this.#closing.abort();
    const { client } = this;
    if (!this.#options.owned) return;
    if (client.status !== "ready" && client.status !== "connect" && client.status !== "connecting") {
      // There is no connection, so there will be no event when it ends.
      client.disconnect();
      return;
    }
    const events: EventEmitter = client;
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    events.once("end", resolve);
    const timer = setTimeout(() => {
      client.disconnect();
      resolve();
    }, closeTimeoutMs);
    if (client.status === "ready") client.quit().catch(() => undefined);
    else client.disconnect();
    await ended;
    clearTimeout(timer);
  }

  readonly #remember = (error: unknown): void => {
    this.#lastError = withoutArguments(error);
  };

  async #connect(): Promise<void> {
    const { client } = this;
    const events: EventEmitter = client;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let reason: unknown;
    const onFailure = (): void => reject(new RequestNotSentError(reason ?? this.#lastError));
    const onError = (error: unknown): void => {
      reason = withoutArguments(error);
      // Every other error is followed by the end of the connection that it is about.
      if (isSentinelError(reason)) onFailure();
    };
    const listeners: Readonly<Record<string, (argument: unknown) => void>> = {
      ready: () => resolve(),
      error: onError,
      "node error": onError,
      close: onFailure,
      end: onFailure,
    };
    for (const [event, listener] of Object.entries(listeners)) events.on(event, listener);
    this.#closing.signal.addEventListener("abort", onFailure);
    try {
      const canConnect = client.status === "wait" || (client.status === "end" && this.#options.owned);
      if (this.#closing.signal.aborted) throw closedError("the store is closed");
      if (client.status === "end" && !canConnect) throw closedError("the client that was handed in has been closed");
      if (canConnect) client.connect().catch((error: unknown) => (reason ??= error));
      await promise;
    } catch (error) {
      const explanation =
        this.#closing.signal.aborted || !isUnexplained(reason) ? undefined : await this.#options.explain?.();
      throw explanation === undefined ? error : new RequestNotSentError(explanation);
    } finally {
      for (const [event, listener] of Object.entries(listeners)) events.off(event, listener);
      this.#closing.signal.removeEventListener("abort", onFailure);
    }
  }

  /**
   * Ends the connection on which a large body is still on its way, though nobody waits for it any more: on a slow line it
   * would hold up all that comes after it. Others whose answers are lost with the connection are settled.
   */
  #giveUp({ connection }: OneTimeCommand): void {
    if (!this.#options.owned || !(connection instanceof Socket)) return;
    // Closed in the usual way, what the system has been given already would still be sent. TLS knows no other way, and
    // a connection that is just beginning or ending is not reset at all.
    const canReset = !(connection instanceof TLSSocket) && !connection.connecting && !connection.writableEnded;
    if (canReset) connection.resetAndDestroy();
    else connection.destroy();
  }

  /** What {@link ready} would find, without a promise: nearly every request finds the connection as the one before left it. */
  #isReady(): boolean {
    const { client } = this;
    if (client.status !== "ready") return false;
    return isCluster(client) || this.#verified.get(client.stream)?.isDone === true;
  }

  async #verify(node: RedisNode): Promise<void> {
    const { stream } = node;
    let verification = this.#verified.get(stream);
    if (verification === undefined) {
      verification = { isDone: false, done: this.#options.verify(node) };
      this.#verified.set(stream, verification);
    }
    try {
      await verification.done;
      verification.isDone = true;
    } catch (error) {
      this.#verified.delete(stream);
      throw error;
    }
  }
}

function closedError(message: string): DriverFailureError {
  return new DriverFailureError({ code: "closed", retryable: false, outcome: "not-applied", message });
}

/** Whether all that ioredis says is that a connection, to a node or a sentinel perhaps, is closed or was not made in time. */
function isUnexplained(error: unknown): boolean {
  if (!isError(error)) return true;
  const { message } = "lastNodeError" in error && isError(error.lastNodeError) ? error.lastNodeError : error;
  return (
    message.endsWith("Connection is closed.") ||
    message.endsWith("Command timed out") ||
    message === "timeout" ||
    // Also where a connection was made, and the handshake of TLS was not.
    ("code" in error && error.code === "ETIMEDOUT")
  );
}

function hasCode(error: unknown): boolean {
  return isError(error) && "code" in error;
}
