import { createServer, STATUS_CODES } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

import type { ActorLog } from "@holdpoint/actors";
import { discardBody } from "@holdpoint/actors/serving";
import type { MemoryLease } from "@holdpoint/actors/serving";

import type { AnswerContext } from "./answer-request.ts";
import { BrokenRequestError, operationOf } from "./answer-request.ts";
import type { ProxyAnswer } from "./proxy-answer.ts";
import { errorAnswer } from "./proxy-answer.ts";
import { ProxyError } from "./proxy-error.ts";
import { parseTarget } from "./request-target.ts";

/** What a {@link ProxyHttpServer} is made of. */
export interface ProxyHttpServerOptions {
  readonly answers: AnswerContext;
  /** How long a peer may send nothing of its request and take nothing of its answer. */
  readonly idleTimeoutMs: number;
  readonly log: ActorLog;
}

/** The HTTP side of a connector, and what it is busy with. */
export interface ProxyHttpServer {
  readonly server: Server;
  /** Requests that have begun and are not answered. */
  inHand(): number;
  /** How long nothing has been asked, in milliseconds; 0 while something is in hand. */
  quietMs(): number;
}

/** Speaks the protocol of Asya's state proxy, one request a connection as its runtime does. */
export function createProxyHttpServer({ answers, idleTimeoutMs, log }: ProxyHttpServerOptions): ProxyHttpServer {
  let inHand = 0;
  let lastActiveAt = performance.now();
  // A file that is written piece by piece may take as long as its program works on it.
  const server = createServer({ requestTimeout: 0, headersTimeout: 60_000 }, (request, response) => {
    void serve(request, response);
  });
  server.setTimeout(idleTimeoutMs);
  server.maxRequestsPerSocket = 1;
  server.on("clientError", (error, socket) => answerGarbage(error, socket));

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    inHand += 1;
    const gone = new AbortController();
    const lease = answers.budget.lease(gone.signal);
    const closed = Promise.withResolvers<void>();
    response.once("close", () => {
      if (!response.writableFinished) gone.abort(new BrokenRequestError("the peer has gone"));
      closed.resolve();
    });
    try {
      await answer(request, response, { lease, signal: gone.signal });
    } catch (error) {
      log.error("a request ended the wrong way", { error: String(error) });
      response.destroy();
    }
    // A write goes on when its sender has left, and an answer may still be on its way when the work is done.
    await closed.promise;
    lease.release();
    inHand -= 1;
    lastActiveAt = performance.now();
  }

  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    { lease, signal }: { readonly lease: MemoryLease; readonly signal: AbortSignal },
  ): Promise<void> {
    const startedAt = performance.now();
    const target = parseTarget(request.url ?? "");
    const operation = operationOf(request.method ?? "", target);
    let answered: ProxyAnswer;
    try {
      answered = await operation.run({ request, lease, signal }, answers);
      // One that is still sending would not see an answer that closes its connection.
      await discardBody(request);
    } catch (error) {
      if (error instanceof BrokenRequestError || signal.aborted) {
        answers.metrics.brokeOff();
        log.warn("request broke off", { operation: operation.name, ...keyField(target) });
        response.destroy();
        return;
      }
      answered = await refused(request, error, { operation: operation.name, ...keyField(target) });
    }
    send(response, signal.aborted ? { ...answered, onSent: undefined } : answered);
    answers.metrics.answered(operation.name, answered.status, (performance.now() - startedAt) / 1000);
  }

  async function refused(request: IncomingMessage, error: unknown, fields: object): Promise<ProxyAnswer> {
    const problem = ProxyError.of(error);
    const { code, message, cause } = problem;
    // A file that is missing or exists is an everyday answer.
    if (code === "conflict") log.info("conflict", { ...fields, error: message });
    else if (code !== "key_not_found") {
      log.warn("request failed", { ...fields, code, error: message, ...causeField(cause) });
    }
    await discardBody(request).catch(() => undefined);
    return errorAnswer(problem);
  }

  function answerGarbage(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (error.code === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    const problem = `The request is not HTTP/1.1, or its path has more than printable ASCII (${error.code ?? "unreadable"}).`;
    log.warn("request was not understood", { code: error.code });
    const { status, body = "" } = errorAnswer(new ProxyError("bad_request", problem));
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      "Connection: close",
      "Content-Type: application/json",
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    socket.end(`${head.join("\r\n")}\r\n\r\n${String(body)}`, () => socket.destroy());
  }

  return {
    server,
    inHand: () => inHand,
    quietMs: () => (inHand > 0 ? 0 : performance.now() - lastActiveAt),
  };
}

function send(response: ServerResponse, { status, headers, body, onSent }: ProxyAnswer): void {
  if (onSent !== undefined) response.once("finish", onSent);
  const length = body === undefined ? {} : { "Content-Length": Buffer.byteLength(body) };
  response.writeHead(status, { Connection: "close", ...length, ...headers }).end(body);
}

function keyField(target: ReturnType<typeof parseTarget>): { readonly key?: string } {
  return "key" in target ? { key: target.key } : {};
}

/** The kind of what we did not expect, for whoever mends it. */
function causeField(cause: unknown): { readonly errorType?: string; readonly stack?: string } {
  if (!(cause instanceof Error) || cause.name === "CheckpointError") return {};
  // Without the message, which may be of anything.
  const places = (cause.stack ?? "").split("\n").filter((line) => /^\s+at /u.test(line));
  return { errorType: cause.name, stack: places.join("\n") };
}
