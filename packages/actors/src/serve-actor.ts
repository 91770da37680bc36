import { once } from "node:events";
import { chmod } from "node:fs/promises";

import { redactCredentials } from "@holdpoint/core";

import type { ActorLog } from "./actor-log.ts";
import { createActorLog } from "./actor-log.ts";
import type { ActorHandler } from "./actor-message.ts";
import { ActorHttpServer } from "./actor-http-server.ts";
import { actorSocket, announceReady, freeActorSocket, unusableDirectory, withdrawReady } from "./actor-socket.ts";
import { invokeHandler, ShuttingDownError } from "./invoke-handler.ts";
import type { JsonParser } from "./parse-message.ts";
import { readServingEnvironment } from "./serving-environment.ts";
import { stopOnSignals } from "./stop-on-signals.ts";
import { errorLineage } from "./wire-error.ts";

// A sidecar that has connected but not sent its message yet may do so for this long after shutdown began.
const lateMessageMs = 1000;
// How long a handler has that was told to stop because the grace is over.
const lastWordsMs = 1000;

/** Options of {@link serveActor}. */
export interface ServeActorOptions {
  /** The actor's name in the log. @default `ASYA_ACTOR_NAME`, else `"actor"` */
  readonly name?: string | undefined;
  /** The directory that is shared with the sidecar; it must exist. @default `ASYA_SOCKET_DIR`, else `"/var/run/asya"` */
  readonly socketDirectory?: string | undefined;
  /** @default `ASYA_SOCKET_NAME`, else `"asya-runtime.sock"` */
  readonly socketName?: string | undefined;
  /** The socket's file mode. @default `ASYA_SOCKET_CHMOD`, else `0o666` */
  readonly socketMode?: number | undefined;
  /** How long the sidecar waits for an answer. @default `ASYA_RESILIENCY_ACTOR_TIMEOUT`, else five minutes */
  readonly actorTimeoutMs?: number | undefined;
  /** The largest message that is taken, in bytes. @default 64 MiB */
  readonly maxBodyBytes?: number | undefined;
  /**
   * How many bytes of messages are in hand at a time. Others wait for their turn, in the order in which they came and
   * before their bodies are read; one that is larger than all that waits until it is alone. A message takes several times
   * its size in memory, since it is there as bytes, as text and as values, and again as they go out. What a handler reads
   * beside its message counts as well where it asks for it, with `takeBytes`. @default 32 MiB
   */
  readonly maxBytesInHand?: number | undefined;
  /** How long a message whose turn it is may take to arrive whole over the socket, and the sidecar to take some of an answer. @default 60000 */
  readonly requestTimeoutMs?: number | undefined;
  /**
   * How long messages in hand may take to finish once the actor is told to stop. Keep it under the pod's
   * `terminationGracePeriodSeconds`. @default 25000
   */
  readonly shutdownGraceMs?: number | undefined;
  /** Whether SIGTERM and SIGINT finish the messages in hand and then end the process. @default true */
  readonly handleSignals?: boolean | undefined;
  /**
   * Turns a message's text into values. For a handler that stores or passes on numbers which a double cannot hold, hand
   * in `parseLosslessJson` of `@holdpoint/core`. @default JSON.parse
   */
  readonly parseJson?: JsonParser | undefined;
  /** @default one that writes JSON lines to standard error */
  readonly log?: ActorLog | undefined;
  /** Releases what the handler uses; runs after the last message. @default nothing to release */
  readonly onClose?: (() => Promise<void>) | undefined;
}

/** An actor that is being served. */
export interface ActorServer extends AsyncDisposable {
  readonly socketPath: string;
  /**
   * Takes no more messages, finishes those in hand, and removes the socket. Resolves to whether all were finished
   * within the grace. May be called again.
   *
   * @throws what `onClose` throws
   */
  close(): Promise<boolean>;
}

/**
 * Serves a handler to the sidecar, over HTTP on the Unix socket that the two share. Resolves once the sidecar has been
 * told that it may dial.
 *
 * A handler keeps running when the sidecar goes away: what it has begun is finished, and delivered again later.
 *
 * @example
 * ```ts
 * await serveActor(async ({ payload }) => ({ payload: { draft: await write(payload) }, next: ["x-pause", "publisher"] }));
 * ```
 * @throws {ActorSetupError} if a variable of the environment is wrong, the socket's directory cannot be used, or
 * another process is serving on the socket
 */
export async function serveActor(handler: ActorHandler, options: ServeActorOptions = {}): Promise<ActorServer> {
  const environment = readServingEnvironment(process.env);
  const {
    name = environment.actorName ?? "actor",
    socketDirectory = environment.socketDirectory,
    socketName = environment.socketName,
    socketMode = environment.socketMode,
    actorTimeoutMs = environment.actorTimeoutMs,
    maxBodyBytes = 64 * 1024 * 1024,
    maxBytesInHand = 32 * 1024 * 1024,
    requestTimeoutMs = 60_000,
    shutdownGraceMs = 25_000,
    handleSignals = true,
    parseJson = JSON.parse as JsonParser,
    log = createActorLog({ actor: name }),
    onClose,
  } = options;
  const socket = actorSocket(socketDirectory, socketName);
  const shutdown = new AbortController();
  const invocation = { parseJson, shutdown: shutdown.signal, log };
  const http = new ActorHttpServer({
    // The sidecar waits since it began to send.
    invoke: (body, waitedMs, takeBytes) =>
      invokeHandler(handler, body, { ...invocation, takeBytes, actorTimeoutMs: actorTimeoutMs - waitedMs }),
    maxBodyBytes,
    maxBytesInHand,
    actorTimeoutMs,
    requestTimeoutMs,
    log,
  });
  await freeActorSocket(socket);
  try {
    http.server.listen(socket.socketPath);
    await once(http.server, "listening");
    await chmod(socket.socketPath, socketMode);
    await announceReady(socket);
  } catch (error) {
    http.server.close();
    throw unusableDirectory(socket, error);
  }
  log.info("ready", { socketPath: socket.socketPath });

  let closing: Promise<boolean> | undefined;
  const close = (): Promise<boolean> => (closing ??= closeOnce());
  async function closeOnce(): Promise<boolean> {
    // The messages in hand matter more than a file that cannot be removed.
    await withdrawReady(socket).catch((error: unknown) =>
      log.warn("runtime-ready was not removed", { error: redactCredentials(String(error)) }),
    );
    const finishing = finishMessages(http, shutdown, shutdownGraceMs);
    log.info("stopping", { inHand: http.inHand() });
    const finished = await finishing;
    stopListening();
    try {
      await onClose?.();
    } catch (error) {
      log.error("onClose failed", { errorType: errorLineage(error)[0], error: redactCredentials(String(error)) });
      throw error;
    }
    log.info("stopped", { finished });
    return finished;
  }
  const stopListening = handleSignals ? stopOnSignals(close) : () => {};
  return {
    socketPath: socket.socketPath,
    close,
    [Symbol.asyncDispose]: async () => void (await close()),
  };
}

/** Resolves once nothing is in hand, or the grace is over; to whether every message was finished. */
async function finishMessages(http: ActorHttpServer, shutdown: AbortController, graceMs: number): Promise<boolean> {
  let finished = true;
  const graceOver = Promise.withResolvers<void>();
  const timers = [
    setTimeout(() => http.dropIdle(), Math.min(lateMessageMs, graceMs)),
    setTimeout(() => {
      shutdown.abort(new ShuttingDownError("The actor is shutting down, and its grace is over."));
    }, graceMs),
    setTimeout(() => {
      finished = http.inHand() === 0;
      http.server.closeAllConnections();
      graceOver.resolve();
    }, graceMs + lastWordsMs),
  ];
  // Closing the listener also removes the socket's file.
  const closed = once(http.server, "close");
  http.server.close();
  await closed;
  await Promise.race([http.settled(), graceOver.promise]);
  for (const timer of timers) clearTimeout(timer);
  return finished;
}
