import { Agent as HttpAgent, request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { finished } from "node:stream/promises";

import type { Storage } from "@google-cloud/storage";
import { BodyTooLargeError, defaultMaxBodyBytes, DriverFailureError } from "@holdpoint/core/driver";

import type { GcsAnswer } from "./gcs-answer.ts";
import { credentialsFailure, GcsAnswerError } from "./gcs-error.ts";

/** One request to Cloud Storage. */
export interface GcsRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: Uint8Array | undefined;
  /**
   * The second half of one read. The server may have closed the connection meanwhile, while a large body was still on
   * its way here, and so again at each attempt: it is then asked on another connection. @default false
   */
  readonly isContinuation?: boolean | undefined;
  /** The largest body of an answer 2xx that is wanted, in bytes. @default any size */
  readonly maxBytes?: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * Sends requests with the endpoint and the credentials of the SDK's client.
 *
 * The client's own methods are not used: they cannot be aborted, so that a request that hangs would keep its socket and
 * the process; whether they retry is a switch of the client that concurrent calls flip for one another, and
 * `maxRetries: 0` means 3; an upload that fails its checksum is followed by an unconditional delete of whatever is there;
 * and a download that fails destroys the connections of all other requests. The `fetch` of the SDK's HTTP library is not
 * used either: it throws outside of any promise when a request with a body is aborted before it has begun.
 */
export class GcsTransport {
  readonly #client: Storage;
  readonly #authenticates: boolean;
  // Proxies are taken from the environment, as the SDK does, where Node can do that.
  // https://nodejs.org/api/http.html#built-in-proxy-support
  readonly #httpAgent = new HttpAgent({ keepAlive: true, proxyEnv: process.env });
  readonly #httpsAgent = new HttpsAgent({ keepAlive: true, proxyEnv: process.env });
  readonly #closing = new AbortController();

  constructor(client: Storage) {
    this.#client = client;
    // As in the SDK: credentials are not for an emulator.
    this.#authenticates = !client.customEndpoint || client.useAuthWithCustomEndpoint === true;
  }

  get closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /**
   * Sends the request once and follows no redirect. Bytes arrive as they were sent, not unpacked.
   *
   * @throws {GcsAnswerError} for any status but 2xx
   * @throws {BodyTooLargeError} for a body that is larger than `maxBytes`
   */
  async send(request: GcsRequest): Promise<GcsAnswer> {
    const authorization = await this.#authorization(request.url);
    const signal = AbortSignal.any([request.signal, this.#closing.signal]);
    signal.throwIfAborted();
    const response = await this.#exchange({ ...request, headers: { ...request.headers, ...authorization }, signal });
    const { statusCode: status = 0, headers } = response;
    const announcedBytes = Number(headers["content-length"]);
    if (status < 300 && announcedBytes > (request.maxBytes ?? Infinity)) {
      // With its connection, on which else the whole body would have to come.
      response.on("error", () => undefined).destroy();
      throw new BodyTooLargeError(announcedBytes, headers["x-goog-generation"]?.toString());
    }
    const answer: GcsAnswer = { status, body: await readBody(response), header: (name) => headers[name]?.toString() };
    if (status < 200 || status > 299) throw new GcsAnswerError(answer);
    return answer;
  }

  close(): void {
    this.#closing.abort();
    this.#httpAgent.destroy();
    this.#httpsAgent.destroy();
  }

  #exchange(given: GcsRequest): Promise<IncomingMessage> {
    const { method, url, headers = {}, body, isContinuation = false, signal } = given;
    return new Promise((resolve, reject) => {
      const isSecure = url.startsWith("https:");
      const send = isSecure ? httpsRequest : httpRequest;
      const request = send(url, { method, headers, signal, agent: isSecure ? this.#httpsAgent : this.#httpAgent });
      request.once("response", resolve);
      // Stays, for errors that come after the response has begun: the response reports those too.
      request.on("error", (error: NodeJS.ErrnoException) => {
        // https://nodejs.org/api/http.html#requestreusedsocket
        const isStale = request.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
        if (isStale && isContinuation && !signal.aborted) resolve(this.#exchange(given));
        else reject(error);
      });
      // With its length known, so that the server can tell a request that broke off from a whole one.
      request.end(body);
    });
  }

  async #authorization(url: string): Promise<Readonly<Record<string, string>>> {
    if (!this.#authenticates) return {};
    try {
      return Object.fromEntries(await this.#client.authClient.getRequestHeaders(url));
    } catch (error) {
      // Without the SDK's error as its cause: that one holds the request for the token, and prints it.
      throw new DriverFailureError(credentialsFailure(error));
    }
  }
}

/** @throws if the connection breaks before the end */
async function readBody(response: IncomingMessage): Promise<Uint8Array> {
  const announcedBytes = Number(response.headers["content-length"] ?? Number.NaN);
  if (!(announcedBytes <= defaultMaxBodyBytes)) return await joinChunks(response);
  // Put where they belong as they come, so that a large body is in memory once and not twice. Not part of a pool that
  // others see too, and not filled with zeros first: all that is handed out is overwritten.
  const body = new Uint8Array(Buffer.allocUnsafeSlow(announcedBytes).buffer);
  let offset = 0;
  // Iterating would join chunks that have piled up, which is as much memory again.
  response.on("data", (chunk: Buffer) => {
    body.set(chunk, offset);
    offset += chunk.byteLength;
  });
  await finished(response);
  if (offset !== announcedBytes) throw new Error(`the server announced ${announcedBytes} bytes and sent ${offset}`);
  return body;
}

async function joinChunks(response: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  // Not a Buffer, whose memory may be shared and whose slice() is no copy.
  return new Uint8Array(Buffer.concat(chunks));
}
