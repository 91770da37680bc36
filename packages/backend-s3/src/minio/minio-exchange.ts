import { AsyncLocalStorage } from "node:async_hooks";
import { Readable } from "node:stream";
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, RequestOptions } from "node:http";

import { defaultMaxBodyBytes } from "@holdpoint/core/driver";
import { CheckpointError } from "@holdpoint/core";
import type { Client } from "minio";

import { isCutOff } from "../bad-answer-error.ts";

/** One request and what is known of its answer, which the client's errors do not say. */
export interface MinioExchange {
  readonly signal: AbortSignal;
  /** The request as it was addressed and signed. */
  sent?: RequestOptions | undefined;
  status?: number | undefined;
  headers?: IncomingHttpHeaders | undefined;
  /** The body of an answer that is an error. */
  errorBody?: string | undefined;
  /** Whether such a body ended before its end. */
  brokeOff?: boolean | undefined;
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
      exchange.sent = options;
      return inner.request({ ...options, signal: exchange.signal }, (response) => {
        exchange.status = response.statusCode;
        exchange.headers = response.headers;
        if ((response.statusCode ?? 0) < 300) {
          onResponse(response);
          return;
        }
        // Of some of these the client leaves the body, and with it the connection, hanging; the others it reads, and
        // forgets what it did not understand. Which ones it says nowhere, so it gets each of them to read again.
        const afterwards = async (): Promise<void> => {
          const { text, isWhole } = await readErrorBody(response);
          exchange.errorBody = text;
          exchange.brokeOff = !isWhole;
          onResponse(replayed(response, text));
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

async function readErrorBody(response: IncomingMessage): Promise<{ readonly text: string; readonly isWhole: boolean }> {
  let text = "";
  try {
    for await (const chunk of response.setEncoding("utf8") as AsyncIterable<string>) {
      if (text.length < 100_000) text += chunk;
    }
  } catch {
    return { text, isWhole: false };
  }
  return { text, isWhole: !isCutOff(text) };
}

/** The answer once more, as far as the client looks at one. */
function replayed({ statusCode, statusMessage, headers }: IncomingMessage, text: string): IncomingMessage {
  const body = Readable.from(text === "" ? [] : [Buffer.from(text)]);
  return Object.assign(body, { statusCode, statusMessage, headers }) as unknown as IncomingMessage;
}
