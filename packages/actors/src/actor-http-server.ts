import { once } from "node:events";
import { createServer, STATUS_CODES } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

import type { ActorLog } from "./actor-log.ts";
import type { Answer } from "./invoke-handler.ts";
import { refuse } from "./invoke-handler.ts";
import { MalformedMessageError } from "./parse-message.ts";
import { readRequestBody } from "./read-request-body.ts";
import { wireError } from "./wire-error.ts";

/** The body of a request is larger than the server takes. */
class MessageTooLargeError extends MalformedMessageError {
  override readonly name = "MessageTooLargeError";
}

/** What an {@link ActorHttpServer} does with the bodies that it gets. */
export interface ActorHttpServerOptions {
  readonly invoke: (body: Uint8Array) => Promise<Answer>;
  readonly maxBodyBytes: number;
  /** How long a request may take to arrive whole, and how long a peer may take nothing of its answer. */
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

  constructor(options: ActorHttpServerOptions) {
    const { requestTimeoutMs } = options;
    this.#options = options;
    this.server = createServer(
      {
        requestTimeout: requestTimeoutMs,
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
    this.server.on("clientError", (error, socket) => {
      // What follows a whole message on its connection is not worth losing the message's answer.
      if (this.#isBusy(socket)) return;
      answerGarbage(error, socket, options);
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
    const closed = once(response, "close");
    try {
      await this.#answer(request, response);
      this.#giveUpUnread(request.socket);
      // Until then the answer may still be on its way.
      await closed;
    } finally {
      this.#requests.delete(request);
    }
  }

  /** A peer that takes nothing of its answer would hold it, and our shutdown, for ever. */
  #giveUpUnread(socket: Socket): void {
    const { requestTimeoutMs, log } = this.#options;
    socket.setTimeout(requestTimeoutMs, () => {
      log.warn("answer was not taken");
      socket.destroy();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { invoke, maxBodyBytes, log } = this.#options;
    const path = request.url?.split("?", 1)[0];
    if (request.method === "GET" && path === "/healthz")
      return send(response, { status: 200, body: '{"status":"ready"}' });
    if (request.method !== "POST" || path !== "/invoke")
      return send(response, { status: 404, body: '{"error":"not_found"}' });
    let body: Uint8Array | undefined;
    try {
      body = await readRequestBody(request, maxBodyBytes);
    } catch {
      // The peer has gone, or clientError has answered.
      return log.warn("request broke off");
    }
    if (body === undefined) {
      const problem = new MessageTooLargeError(
        `The message is larger than the ${maxBodyBytes} bytes that this actor takes.`,
      );
      return send(response, refuse(wireError("msg_parsing_error", problem), log));
    }
    const answered = await invoke(body);
    // A peer that has gone delivers the message again: the work was finished, and for an actor that is idempotent the
    // second time is the same as the first.
    if (request.socket.destroyed) log.warn("sidecar was gone before the answer");
    else send(response, answered);
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

function answerGarbage(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  { requestTimeoutMs, log }: ActorHttpServerOptions,
): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem =
    error.code === "ERR_HTTP_REQUEST_TIMEOUT"
      ? `The request did not arrive whole within ${requestTimeoutMs} ms.`
      : `The request is not HTTP/1.1 (${error.code ?? "unreadable"}).`;
  const { status, body } = refuse(wireError("msg_parsing_error", new MalformedMessageError(problem)), log);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Connection: close",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}
