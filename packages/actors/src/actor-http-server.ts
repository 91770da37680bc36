import { createServer, STATUS_CODES } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

import type { ActorLog } from "./actor-log.ts";
import type { Answer, Invocation } from "./invoke-handler.ts";
import { failed, NoTurnError, refuse } from "./invoke-handler.ts";
import { afterMargin } from "./invocation-deadline.ts";
import { MemoryBudget } from "./memory-budget.ts";
import type { MemoryLease } from "./memory-budget.ts";
import { MalformedMessageError } from "./parse-message.ts";
import { discardBody, receiveBody } from "./receive-body.ts";
import { wireError } from "./wire-error.ts";

/** The body of a request is larger than the server takes. */
class MessageTooLargeError extends MalformedMessageError {
  override readonly name = "MessageTooLargeError";
}

/** What one request holds of the memory for messages, and what ends its waiting for it. */
interface Turn {
  readonly lease: MemoryLease;
  readonly waiting: AbortController;
}

/** What an {@link ActorHttpServer} does with the bodies that it gets. */
export interface ActorHttpServerOptions {
  /** Answers a body that was `waitedMs` on its way. */
  readonly invoke: (body: Uint8Array, waitedMs: number, takeBytes: Invocation["takeBytes"]) => Promise<Answer>;
  readonly maxBodyBytes: number;
  /** How many bytes of messages are in hand at a time, apart from one that is larger than all that. */
  readonly maxBytesInHand: number;
  /** How long a sidecar waits for its answer, with the time in which its message waits for a turn. */
  readonly actorTimeoutMs: number;
  /** How long a request whose turn it is may take to arrive whole, and how long a peer may take nothing of its answer. */
  readonly requestTimeoutMs: number;
  readonly log: ActorLog;
}

/**
 * The HTTP side of an actor, and which connections have a message in hand. Speaks the sidecar's protocol:
 * `POST /invoke`, `GET /healthz`, one request a connection.
 */
export class ActorHttpServer {
  readonly server: Server;
  readonly #options: ActorHttpServerOptions;
  readonly #open = new Set<Duplex>();
  readonly #requests = new Map<IncomingMessage, Promise<void>>();
  readonly #budget: MemoryBudget;

  constructor(options: ActorHttpServerOptions) {
    const { requestTimeoutMs, maxBytesInHand } = options;
    this.#options = options;
    this.#budget = new MemoryBudget(maxBytesInHand);
    this.server = createServer(
      {
        // Counted here, from a message's turn: one that waits for it is not late.
        requestTimeout: 0,
        headersTimeout: requestTimeoutMs,
        connectionsCheckingInterval: Math.min(1000, requestTimeoutMs),
      },
      (request, response) => void this.#requests.set(request, this.#serve(request, response)),
    );
    // A second message on a connection is refused rather than run: its answer would meet a closed connection.
    this.server.maxRequestsPerSocket = 1;
    this.server.on("connection", (socket: Socket) => {
      this.#open.add(socket);
      socket.once("close", () => this.#open.delete(socket));
    });
    this.server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
      // What follows a whole message on its connection is not worth losing the message's answer.
      if (this.#isBusy(socket)) return;
      if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
      else if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") this.#refuseLate(socket);
      else this.#refuse(`The request is not HTTP/1.1 (${error.code ?? "unreadable"}).`, socket);
    });
  }

  /** Messages that a handler is working on. */
  inHand(): number {
    return [...this.#requests.keys()].filter((request) => request.complete).length;
  }

  /** Resolves once the handler is done with all of them, also with those whose sender has gone. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#requests.values());
  }

  /** Closes connections that have not handed over a whole message. */
  dropIdle(): void {
    for (const socket of this.#open) if (!this.#isBusy(socket)) socket.destroy();
  }

  #isBusy(socket: Duplex): boolean {
    return [...this.#requests.keys()].some((request) => request.complete && request.socket === socket);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A request that was destroyed no longer has it.
    const { socket } = request;
    const waiting = new AbortController();
    const lease = this.#budget.lease(waiting.signal);
    const closed = Promise.withResolvers<void>();
    response.once("close", () => {
      if (!response.writableFinished) waiting.abort();
      closed.resolve();
    });
    try {
      await this.#answer(request, response, { lease, waiting });
      this.#giveUpUnread(socket);
      // Until then the answer may still be on its way.
      await closed.promise;
    } finally {
      lease.release();
      this.#requests.delete(request);
    }
  }

  #refuseLate(socket: Duplex): void {
    this.#refuse(`The request did not arrive whole within ${this.#options.requestTimeoutMs} ms.`, socket);
  }

  /** Answers what is no request that a response could belong to. */
  #refuse(problem: string, socket: Duplex): void {
    const failure = wireError("msg_parsing_error", new MalformedMessageError(problem));
    const { status, body } = refuse(failure, this.#options.log);
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      "Connection: close",
      "Content-Type: application/json",
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
  }

  /** A peer that takes nothing of its answer would hold it, and our shutdown, for ever. */
  #giveUpUnread(socket: Socket): void {
    const { requestTimeoutMs, log } = this.#options;
    socket.setTimeout(requestTimeoutMs, () => {
      log.warn("answer was not taken");
      socket.destroy();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse, turn: Turn): Promise<void> {
    const { invoke, maxBodyBytes, log } = this.#options;
    const startedAt = performance.now();
    const path = request.url?.split("?", 1)[0];
    if (request.method === "GET" && path === "/healthz")
      return send(response, { status: 200, body: '{"status":"ready"}' });
    if (request.method !== "POST" || path !== "/invoke")
      return send(response, { status: 404, body: '{"error":"not_found"}' });
    let body: Uint8Array | undefined;
    try {
      body = await this.#receive(request, turn);
    } catch (error) {
      if (error instanceof NoTurnError) return send(response, failed(error, log));
      // The peer has gone, or was told that it is late.
      return log.warn("request broke off");
    }
    if (body === undefined) {
      const problem = new MessageTooLargeError(
        `The message is larger than the ${maxBodyBytes} bytes that this actor takes.`,
      );
      return send(response, refuse(wireError("msg_parsing_error", problem), log));
    }
    const answered = await invoke(body, performance.now() - startedAt, (bytes, signal) =>
      takeMore(turn, bytes, signal),
    );
    // A peer that has gone delivers the message again: the work was finished, and for an actor that is idempotent the
    // second time is the same as the first.
    if (request.socket.destroyed) log.warn("sidecar was gone before the answer");
    else send(response, answered);
  }

  /**
   * A message's body, once it is its turn.
   *
   * @throws {NoTurnError} if that is too late for its sender
   */
  async #receive(request: IncomingMessage, { lease, waiting }: Turn): Promise<Uint8Array | undefined> {
    const { actorTimeoutMs, maxBodyBytes, requestTimeoutMs } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const awaitTurn = (): void => {
      const waitMs = afterMargin(actorTimeoutMs);
      const problem = `Other messages took all of the ${Math.round(waitMs)} ms that this one could wait for its turn.`;
      clearTimeout(timer);
      timer = setTimeout(() => waiting.abort(new NoTurnError(problem)), waitMs);
    };
    const awaitBody = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => this.#refuseLate(request.socket), requestTimeoutMs);
    };
    awaitBody();
    try {
      return await receiveBody(request, maxBodyBytes, {
        take: async (bytes) => {
          awaitTurn();
          await lease.take(bytes);
          awaitBody();
        },
        settle: (bytes) => lease.settle(bytes),
      });
    } catch (error) {
      if (error instanceof NoTurnError) {
        // A peer that is still writing when the connection is closed would never see the answer.
        awaitBody();
        await discardBody(request);
      }
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Takes for what a handler reads beside its message. Whoever waits for it no longer is out of the others' way. */
async function takeMore({ lease, waiting }: Turn, bytes: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const giveUp = (): void => waiting.abort(signal.reason);
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    await lease.takeInTurn(bytes);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

function send(response: ServerResponse, { status, body }: Answer): void {
  // The sidecar's client would keep the connection, and lose the message that it sends while we close it.
  response.setHeader("Connection", "close");
  if (status === 204) {
    response.writeHead(204).end();
    return;
  }
  response
    .writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) })
    .end(body);
}
