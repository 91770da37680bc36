import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";

import type { Storage } from "@google-cloud/storage";
import type { Gaxios, GaxiosOptions } from "gaxios";

import { credentialsFailure, GcsFailureError } from "./gcs-error.ts";

/** One request to Cloud Storage. */
export interface GcsRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: Uint8Array | undefined;
  readonly signal: AbortSignal;
}

/** The answer to a request that succeeded. */
export interface GcsAnswer {
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/**
 * Sends requests with the endpoint and the credentials of the SDK's client, over the HTTP library that the SDK itself
 * stands on.
 *
 * The client's own methods are not used, because they cannot be aborted (a request that hangs would keep its socket and
 * the process), because whether they retry is a switch that concurrent calls flip for one another, because an upload
 * that fails its checksum is followed by an unconditional delete, and because a download does not give its headers.
 */
export class GcsTransport {
  readonly #client: Storage;
  readonly #authenticates: boolean;
  readonly #http: Gaxios;
  readonly #agents = new Agents();
  readonly #closing = new AbortController();

  constructor(client: Storage, http: Gaxios) {
    this.#client = client;
    this.#http = http;
    // As the SDK does it: credentials are not for an emulator.
    this.#authenticates = !client.customEndpoint || client.useAuthWithCustomEndpoint === true;
  }

  get closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Sends the request once. Rejects with a `GaxiosError` for any status but 2xx. */
  async send({ method, url, headers, body, signal }: GcsRequest): Promise<GcsAnswer> {
    const options: GaxiosOptions & { readonly compress: boolean } = {
      method,
      url,
      headers: { ...headers, ...(await this.#authorization(url)) },
      signal: AbortSignal.any([signal, this.#closing.signal]),
      responseType: "arraybuffer",
      retry: false,
      // Bytes are wanted as they are stored, so nothing is unpacked on the way.
      compress: false,
      // Cloud Storage never redirects these requests, and credentials are not for whoever else would be meant.
      redirect: "manual",
    };
    if (body !== undefined) options.data = body;
    const agent = this.#agents.forRequests();
    if (agent !== undefined) options.agent = agent;
    const response = await this.#http.request<ArrayBuffer | string>(options);
    // The library gives an empty string for 204.
    return {
      headers: response.headers,
      body: typeof response.data === "string" ? new Uint8Array() : new Uint8Array(response.data),
    };
  }

  close(): void {
    this.#closing.abort();
    this.#agents.destroy();
  }

  async #authorization(url: string): Promise<Record<string, string>> {
    if (!this.#authenticates) return {};
    try {
      return Object.fromEntries(await this.#client.authClient.getRequestHeaders(url));
    } catch (error) {
      throw new GcsFailureError(credentialsFailure(error), error);
    }
  }
}

/** The connections of one transport, so that closing it leaves none behind. */
class Agents {
  readonly #http = new HttpAgent({ keepAlive: true });
  readonly #https = new HttpsAgent({ keepAlive: true });

  /** `undefined` where a proxy is configured: the HTTP library then brings its own agent. */
  forRequests(): ((url: URL) => HttpAgent) | undefined {
    const { HTTPS_PROXY, https_proxy, HTTP_PROXY, http_proxy } = process.env;
    if (HTTPS_PROXY || https_proxy || HTTP_PROXY || http_proxy) return undefined;
    return (url) => (url.protocol === "https:" ? this.#https : this.#http);
  }

  destroy(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}
