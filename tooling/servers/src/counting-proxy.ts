import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { Socket } from "node:net";

import { resetSocket } from "../../../packages/conformance/src/faults/reset-socket.ts";
import { httpRequests } from "./counting/http-requests.ts";
import { natsMessages } from "./counting/nats-messages.ts";
import { postgresStatements } from "./counting/postgres-statements.ts";
import { createProtocolReader } from "./counting/protocol-reader.ts";
import { redisCommands } from "./counting/redis-commands.ts";

const parsers = { http: httpRequests, redis: redisCommands, nats: natsMessages, postgres: postgresStatements } as const;

/** What {@link startCountingProxy} stands in front of. */
export interface CountingProxySettings {
  /** The server's address, for example `redis://127.0.0.1:6379`. */
  readonly target: string;
  /** What is spoken there. */
  readonly protocol: keyof typeof parsers;
}

/** A TCP proxy on loopback that counts what clients ask of a server. */
export interface CountingProxy extends AsyncDisposable {
  readonly port: number;
  /** The target's URL with the proxy's address in place of the server's. */
  readonly url: string;
  /**
   * How many requests have passed since the start or the last `reset()`. HTTP: requests. Redis: commands, those of the
   * client's handshake too. NATS: messages that were published, and that is every request to JetStream. PostgreSQL:
   * statements.
   *
   * @throws {Error} if a client sent something that could not be read as the protocol, TLS for example
   */
  count(): number;
  reset(): void;
  /**
   * The same requests, in their order: method and target, command and key, operation and subject, the beginning of a statement. Never bodies.
   *
   * @throws {Error} as `count()` does
   */
  requests(): readonly string[];
  /** How many bytes clients have sent since the start or the last `reset()`. */
  sentBytes(): number;
  /** The most connections that there were at a time since the start or the last `reset()`. */
  mostConnections(): number;
}

/**
 * Starts a proxy that forwards every byte as it is and counts requests on the way.
 *
 * Members of a Redis Cluster tell clients their own addresses; what clients ask there does not pass here.
 *
 * @example
 * ```ts
 * await using proxy = await startCountingProxy({ target: "redis://127.0.0.1:6379", protocol: "redis" });
 * await using store = await openStore(proxy.url);
 * proxy.reset();
 * await store.get("paused/task-1.json");
 * console.log(proxy.count(), proxy.requests());
 * ```
 */
export async function startCountingProxy({ target, protocol }: CountingProxySettings): Promise<CountingProxy> {
  const url = new URL(target);
  if (url.port === "") throw new TypeError(`The target of a counting proxy needs a port; ${url.host} has none.`);
  const upstreamAddress = { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port) };
  const sockets = new Set<Socket>();
  let requests: string[] = [];
  let problem: Error | undefined;
  let sentBytes = 0;
  let connections = 0;
  let mostConnections = 0;

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    connections += 1;
    mostConnections = Math.max(mostConnections, connections);
    client.once("close", () => (connections -= 1));
    client.on("data", (chunk: Buffer) => (sentBytes += chunk.length));
    const upstream = connect({ ...upstreamAddress, allowHalfOpen: true, noDelay: true });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    }
    const read = createProtocolReader(parsers[protocol]((request) => requests.push(request)));
    const count = (chunk: Buffer): void => {
      try {
        read(chunk);
      } catch (error) {
        // What cannot be counted is forwarded all the same; who asks for the count learns of it.
        problem = new Error(`A client sent the counting proxy what is not ${protocol}.`, { cause: error });
        client.off("data", count);
      }
    };
    // Before the bytes go on, so that a request is counted when its answer comes.
    client.on("data", count);
    client.pipe(upstream);
    upstream.pipe(client);
    // A connection that breaks on one side breaks in the same way on the other.
    client.once("error", () => resetSocket(upstream));
    upstream.once("error", () => resetSocket(client));
    client.once("close", () => upstream.destroy());
  });
  server.listen({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The counting proxy has no port.");
  url.hostname = "127.0.0.1";
  url.port = String(address.port);

  const countedRequests = (): readonly string[] => {
    if (problem !== undefined) throw problem;
    return [...requests];
  };
  return {
    port: address.port,
    url: url.href,
    count: () => countedRequests().length,
    requests: countedRequests,
    sentBytes: () => sentBytes,
    mostConnections: () => mostConnections,
    reset: () => {
      requests = [];
      sentBytes = 0;
      mostConnections = connections;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
