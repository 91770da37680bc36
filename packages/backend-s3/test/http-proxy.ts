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
  /** Announce the server's answer and pass only this many bytes of its body on. */
  readonly truncateTo?: number;
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
    const { drop = [], answer, cut = false, truncateTo } = await this.#rule(method, url, request.headers);
    const body = await buffer(request);
    if (answer !== undefined) {
      response.writeHead(answer.status, { "content-type": "application/xml", ...answer.headers }).end(answer.body);
      return;
    }
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !drop.includes(name)));
    const upstream = await forward(method, url, headers, body);
    if (cut) {
      response.destroy();
      return;
    }
    response.writeHead(upstream.status, upstream.headers);
    if (truncateTo === undefined) {
      response.end(upstream.body);
      return;
    }
    response.write(upstream.body.subarray(0, truncateTo), () => response.destroy());
  }
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

// The Host header is passed on as it is, because it is signed.
async function forward(method: string, path: string, headers: IncomingHttpHeaders, body: Buffer): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  sendRequest({ host, port: serverPort, method, path, headers }, resolve).on("error", reject).end(body);
  const answer = await promise;
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: await buffer(answer) };
}
