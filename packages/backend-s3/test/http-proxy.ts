import { createServer, request as sendRequest } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

import { host, port as serverPort } from "./test-server.ts";

/** What a proxy does with one request. */
export interface ProxyRule {
  /** Headers that do not get through. */
  readonly drop?: readonly string[];
  /** An answer instead of the server's. */
  readonly answer?: { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };
  /** Cut the connection instead of passing the server's answer on. */
  readonly cut?: boolean;
  /** Announce the answer and pass only this many bytes of its body on. */
  readonly truncateTo?: number;
  /** Announce no length, as a server does that closes the connection behind its answer. */
  readonly withoutLength?: boolean;
  /** What becomes of the headers of the server's answer. */
  readonly headers?: (headers: IncomingHttpHeaders) => IncomingHttpHeaders;
}

/** Decides what a proxy does with a request. */
export type RuleOfRequest = (
  method: string,
  path: string,
  headers: IncomingHttpHeaders,
) => ProxyRule | Promise<ProxyRule>;

/** An HTTP proxy before the test server that counts requests and gets in their way. */
export class HttpProxy implements AsyncDisposable {
  readonly requests: string[] = [];
  readonly #server: Server;
  readonly #rule: RuleOfRequest;

  private constructor(rule: RuleOfRequest) {
    this.#rule = rule;
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch(() => response.destroy());
    });
  }

  static async start(rule: RuleOfRequest = () => ({})): Promise<HttpProxy> {
    const proxy = new HttpProxy(rule);
    const { promise, resolve } = Promise.withResolvers<void>();
    proxy.#server.listen(0, "127.0.0.1", resolve);
    await promise;
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "" } = request;
    this.requests.push(`${method} ${decodeURIComponent(url.replace(/\?.*/u, ""))}`);
    const rule = await this.#rule(method, url, request.headers);
    const body = await buffer(request);
    const answer = rule.answer === undefined ? await forward(request, body, rule.drop ?? []) : answerOf(rule.answer);
    if (rule.cut === true) {
      response.destroy();
      return;
    }
    const headers = rule.headers?.(answer.headers) ?? answer.headers;
    if (rule.withoutLength === true) {
      const { "content-length": _length, ...unmeasured } = headers;
      response.writeHead(answer.status, { ...unmeasured, connection: "close", "transfer-encoding": "identity" });
      response.useChunkedEncodingByDefault = false;
      response.end(answer.body.subarray(0, rule.truncateTo));
      return;
    }
    response.writeHead(answer.status, { ...headers, "content-length": answer.body.byteLength });
    if (rule.truncateTo === undefined) {
      response.end(answer.body);
      return;
    }
    response.write(answer.body.subarray(0, rule.truncateTo), () => response.destroy());
  }
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

function answerOf({ status, headers = {}, body = "" }: NonNullable<ProxyRule["answer"]>): Answer {
  return { status, headers: { "content-type": "application/xml", ...headers }, body: Buffer.from(body) };
}

// The Host header is passed on as it is, because it is signed.
async function forward(
  { method, url: path, headers: given }: IncomingMessage,
  body: Buffer,
  drop: readonly string[],
): Promise<Answer> {
  const headers = Object.fromEntries(Object.entries(given).filter(([name]) => !drop.includes(name)));
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  sendRequest({ host, port: serverPort, method, path, headers }, resolve).on("error", reject).end(body);
  const answer = await promise;
  const { "transfer-encoding": _encoding, ...kept } = answer.headers;
  return { status: answer.statusCode ?? 0, headers: kept, body: await buffer(answer) };
}
