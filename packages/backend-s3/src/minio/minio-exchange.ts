import { AsyncLocalStorage } from "node:async_hooks";
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, RequestOptions } from "node:http";

import { defaultMaxBodyBytes } from "@holdpoint/core/driver";
import { CheckpointError } from "@holdpoint/core";
import type { Client } from "minio";

/** One request and what is known of its answer, which the client's errors do not say. */
export interface MinioExchange {
  readonly signal: AbortSignal;
  status?: number | undefined;
  headers?: IncomingHttpHeaders | undefined;
  /** The body of an answer with a status that the client has an opinion on and therefore does not read. */
  unreadBody?: string | undefined;
}

const exchanges = new AsyncLocalStorage<MinioExchange>();

/** Makes what `work` sends through a client of {@link observeClient} part of an exchange. */
export function duringExchange<Result>(exchange: MinioExchange, work: () => Promise<Result>): Promise<Result> {
  return exchanges.run(exchange, work);
}

interface Transport {
  request(options: RequestOptions, onResponse: (response: IncomingMessage) => void): ClientRequest;
}

/**
 * A view of a client that sends everything once, takes an `AbortSignal`, and remembers status and headers. The client
 * that it is a view of goes on as before.
 *
 * The client itself retries by default, also a write whose answer was a 5xx; takes no signal; throws away the status.
 * Its `transport` can be replaced, but only by its constructor, and a client may have been handed in.
 *
 * @throws {CheckpointError} `invalid-argument` if this is not a client of minio 8
 * @see https://github.com/minio/minio-js/blob/master/src/internal/request.ts
 */
export function observeClient(client: Client): Client {
  const inner: unknown = Reflect.get(client, "transport");
  if (!isTransport(inner)) {
    throw new CheckpointError("invalid-argument", "minio: the client is not one of the package minio, version 8.", {
      backend: "minio",
    });
  }
  const transport: Transport = {
    request: (options, onResponse) => {
      const exchange = exchanges.getStore();
      if (exchange === undefined) return inner.request(options, onResponse);
      return inner.request({ ...options, signal: exchange.signal }, (response) => {
        exchange.status = response.statusCode;
        exchange.headers = response.headers;
        if (!clientRetries(response.statusCode ?? 0)) {
          onResponse(response);
          return;
        }
        // The client makes an error of such an answer and leaves its body, and with it the connection, hanging.
        const afterwards = async (): Promise<void> => {
          exchange.unreadBody = await readText(response);
          onResponse(response);
        };
        void afterwards();
      });
    },
  };
  return Object.create(client, {
    transport: { value: transport },
    retryOptions: { value: { disableRetry: true } },
    // Without one it asks for the bucket's location, which takes a permission and a request more.
    region: { value: client.region ?? "us-east-1", writable: true },
    // A larger body becomes a multipart upload, whose condition is lost.
    partSize: { value: defaultMaxBodyBytes },
    overRidePartSize: { value: true },
  }) as Client;
}

function isTransport(value: unknown): value is Transport {
  return typeof value === "object" && value !== null && "request" in value && typeof value.request === "function";
}

function clientRetries(status: number): boolean {
  return status === 408 || status === 429 || status === 499 || status >= 500;
}

async function readText(response: IncomingMessage): Promise<string> {
  let text = "";
  try {
    for await (const chunk of response.setEncoding("utf8") as AsyncIterable<string>) {
      if (text.length < 10_000) text += chunk;
    }
  } catch {
    // The status says enough.
  }
  return text;
}
