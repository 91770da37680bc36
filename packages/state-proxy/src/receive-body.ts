import type { IncomingMessage } from "node:http";
import { finished } from "node:stream/promises";

import type { MemoryLease } from "./memory-budget.ts";
import { ProxyError } from "./proxy-error.ts";

/** The peer has gone before its request was whole. */
export class BrokenRequestError extends Error {
  override readonly name = "BrokenRequestError";
}

/** Options of {@link receiveBody}. */
interface ReceiveOptions {
  readonly maxBytes: number;
  /** What the body's memory is taken from; not released here. */
  readonly lease: MemoryLease;
  readonly signal: AbortSignal;
}

/**
 * Reads a request's whole body. One that is too large is read to its end as well, and thrown away: Python's client sends
 * all of it before it looks at the answer.
 *
 * @throws {ProxyError} `too_large`
 * @throws {BrokenRequestError} if the body does not arrive whole
 */
export async function receiveBody(request: IncomingMessage, options: ReceiveOptions): Promise<Uint8Array> {
  const announced = request.headers["content-length"];
  try {
    return announced === undefined
      ? await receiveChunks(request, options)
      : await receiveAnnounced(request, Number(announced), options);
  } catch (error) {
    if (error instanceof ProxyError) throw error;
    throw new BrokenRequestError("the request broke off", { cause: error });
  }
}

async function receiveAnnounced(
  request: IncomingMessage,
  lengthBytes: number,
  { maxBytes, lease, signal }: ReceiveOptions,
): Promise<Uint8Array> {
  if (lengthBytes > maxBytes) {
    await discardBody(request);
    throw tooLarge(maxBytes);
  }
  await lease.take(lengthBytes, signal);
  // Where it belongs as it comes, so that a large body is in memory once and not twice.
  const body = new Uint8Array(Buffer.allocUnsafeSlow(lengthBytes).buffer);
  let receivedBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    body.set(chunk, receivedBytes);
    receivedBytes += chunk.byteLength;
  }
  return body;
}

async function receiveChunks(
  request: IncomingMessage,
  { maxBytes, lease, signal }: ReceiveOptions,
): Promise<Uint8Array> {
  let body = new Uint8Array();
  let receivedBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    const start = receivedBytes;
    receivedBytes += chunk.byteLength;
    if (receivedBytes > maxBytes) {
      // The rest is read and not kept.
      body = new Uint8Array();
      lease.settle(0);
      continue;
    }
    if (receivedBytes > body.byteLength) {
      const roomBytes = Math.min(maxBytes, Math.max(receivedBytes, 2 * body.byteLength, leastRoomBytes));
      await lease.take(roomBytes, signal);
      const larger = new Uint8Array(Buffer.allocUnsafeSlow(roomBytes).buffer);
      larger.set(body.subarray(0, start));
      body = larger;
      lease.settle(roomBytes);
    }
    body.set(chunk, start);
  }
  if (receivedBytes > maxBytes) throw tooLarge(maxBytes);
  return body.subarray(0, receivedBytes);
}

const leastRoomBytes = 64 * 1024;

function tooLarge(maxBytes: number): ProxyError {
  return new ProxyError("too_large", `The body is larger than the ${maxBytes} bytes that the store takes.`);
}

/** Reads what is left of a request and keeps none of it. Rejects if it breaks off. */
export async function discardBody(request: IncomingMessage): Promise<void> {
  if (request.complete) return;
  request.resume();
  await finished(request);
}
