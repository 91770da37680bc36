import { once } from "node:events";
import { chmod } from "node:fs/promises";
import type { Server } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

import { ActorSetupError, createActorLog } from "@holdpoint/actors";
import type { ActorLog } from "@holdpoint/actors";
import { freeSocket, MemoryBudget, stopOnSignals } from "@holdpoint/actors/serving";
import type { CheckpointStore } from "@holdpoint/core";

import { createMetricsServer } from "./metrics-server.ts";
import { createProxyHttpServer } from "./proxy-http-server.ts";
import type { ProxyHttpServer } from "./proxy-http-server.ts";
import { ProxyMetrics } from "./proxy-metrics.ts";
import type { WriteMode } from "./state-mount.ts";
import { StateMount } from "./state-mount.ts";

// A program in the same pod that is told to stop at the same time may still need its files for what it has begun.
const stopWhenQuietMs = 1000;
const quietPollMs = 50;

/** Options of {@link serveStateProxy}. */
export interface ServeStateProxyOptions {
  /** Where the socket is made; its directory must exist. */
  readonly socketPath: string;
  /** What a write may replace. @default "lww" */
  readonly mode?: WriteMode | undefined;
  /** How many keys' versions are remembered at most, for `cas`. @default 10000 */
  readonly maxSeenKeys?: number | undefined;
  /**
   * How many bytes of bodies are in memory at a time, apart from one body that comes in chunks, or is larger than all that. @default 128 MiB
   */
  readonly maxBufferedBytes?: number | undefined;
  /** How long a peer may neither send nor take anything. @default 300000 */
  readonly idleTimeoutMs?: number | undefined;
  /**
   * How long requests may go on once the connector is told to stop. Keep it under the pod's
   * `terminationGracePeriodSeconds`. @default 25000
   */
  readonly shutdownGraceMs?: number | undefined;
  /** Whether SIGTERM and SIGINT finish the requests in hand and then end the process. @default true */
  readonly handleSignals?: boolean | undefined;
  /** A port on which `/metrics` and `/healthz` are served too, for who cannot reach the socket. @default none */
  readonly metricsPort?: number | undefined;
  /** @default one that writes JSON lines to standard error */
  readonly log?: ActorLog | undefined;
  /** Releases what the connector uses; runs after the last request. @default closes the store */
  readonly onClose?: (() => Promise<void>) | undefined;
}

/** A connector that is being served. */
export interface StateProxyServer extends AsyncDisposable {
  readonly socketPath: string;
  /**
   * Goes on serving until nothing has been asked for a second, or the grace is over; then removes the socket. Resolves to
   * whether every request was answered. May be called again.
   *
   * @throws what `onClose` throws
   */
  close(): Promise<boolean>;
}

/**
 * Serves a store as a connector of Asya's state proxy, over HTTP on a Unix socket. Resolves once it can be reached.
 *
 * @example
 * ```ts
 * const store = await openStore("nats://nats.internal:4222/state");
 * await serveStateProxy(store, { socketPath: "/var/run/asya/state/meta.sock", mode: "cas" });
 * ```
 * @throws {ActorSetupError} if the socket cannot be made, another process is serving on it, or the port is taken
 */
export async function serveStateProxy(
  store: CheckpointStore,
  options: ServeStateProxyOptions,
): Promise<StateProxyServer> {
  const {
    socketPath,
    mode = "lww",
    maxSeenKeys = 10_000,
    maxBufferedBytes = 128 * 1024 * 1024,
    idleTimeoutMs = 300_000,
    shutdownGraceMs = 25_000,
    handleSignals = true,
    metricsPort,
    log = createActorLog({ actor: "state-proxy" }),
    onClose = () => store.close(),
  } = options;
  const mount = new StateMount(store, { mode, maxSeenKeys });
  const budget = new MemoryBudget(maxBufferedBytes);
  const metrics = new ProxyMetrics({
    requestsInHand: () => http.inHand(),
    bodyBytes: () => budget.heldBytes,
    rememberedKeys: () => mount.seen.size,
    forgottenKeys: () => mount.seen.forgotten,
  });
  const answers = { mount, budget, metrics, maxBodyBytes: store.capabilities.maxBodyBytes };
  const http: ProxyHttpServer = createProxyHttpServer({ answers, idleTimeoutMs, log });
  await freeSocket(socketPath, "CONNECTOR_SOCKET");
  const servers = [http.server];
  try {
    http.server.listen(socketPath);
    await once(http.server, "listening");
    // The runtime may be another user's.
    await chmod(socketPath, 0o666);
  } catch (error) {
    await closeAll(servers);
    throw unusable("CONNECTOR_SOCKET", socketPath, "a path at which this process may make a socket", error);
  }
  if (metricsPort !== undefined) {
    const port = createMetricsServer(metrics);
    servers.push(port);
    try {
      port.listen(metricsPort);
      await once(port, "listening");
    } catch (error) {
      await closeAll(servers);
      throw unusable("STATE_METRICS_PORT", String(metricsPort), "a port that is free", error);
    }
  }
  log.info("ready", { socketPath, mode });

  let closing: Promise<boolean> | undefined;
  const close = (): Promise<boolean> => (closing ??= closeOnce());
  async function closeOnce(): Promise<boolean> {
    log.info("stopping", { inHand: http.inHand() });
    const giveUpAt = performance.now() + shutdownGraceMs;
    while (http.quietMs() < stopWhenQuietMs && performance.now() < giveUpAt) await delay(quietPollMs);
    const finished = http.inHand() === 0;
    await closeAll(servers);
    stopListening();
    await onClose();
    log.info("stopped", { finished });
    return finished;
  }
  const stopListening = handleSignals ? stopOnSignals(close) : () => {};
  return { socketPath, close, [Symbol.asyncDispose]: async () => void (await close()) };
}

async function closeAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(
    servers.map(async (server) => {
      if (!server.listening) return;
      const closed = once(server, "close");
      // Closing the listener also removes the socket's file.
      server.close();
      server.closeAllConnections();
      await closed;
    }),
  );
}

function unusable(variable: string, found: string, expected: string, error: unknown): ActorSetupError {
  return new ActorSetupError([{ variable, found: JSON.stringify(found), expected, detail: (error as Error).message }]);
}
