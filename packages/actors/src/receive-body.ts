import type { IncomingMessage } from "node:http";
import { finished } from "node:stream/promises";

/** What the memory of a body is taken from; see {@link MemoryLease}. */
export interface BodyRoom {
  /**
   * Resolves once so many more bytes may be held.
   *
   * @throws the reason for which there will be no room
   */
  take(bytes: number): Promise<void>;
  /** Says how many bytes are held in all. */
  settle(bytes: number): void;
}

/**
 * Reads a request's whole body; `undefined` if it is larger than allowed. That one is read to its end as well, and
 * thrown away: a peer that is still writing when the connection is closed would never see the answer.
 *
 * Where the length is announced, nothing is read before there is room for it, so that the socket holds the sender back.
 *
 * @example
 * ```ts
 * const body = await receiveBody(request, 64 * 1024 * 1024, budget.lease(signal));
 * ```
 * @throws what `take` rejects with; the error of the request's stream if the body does not arrive whole
 */
export async function receiveBody(
  request: IncomingMessage,
  maxBytes: number,
  room: BodyRoom,
): Promise<Uint8Array | undefined> {
  const announced = request.headers["content-length"];
  return announced === undefined
    ? await receiveChunks(request, maxBytes, room)
    : await receiveAnnounced(request, Number(announced), maxBytes, room);
}

async function receiveAnnounced(
  request: IncomingMessage,
  lengthBytes: number,
  maxBytes: number,
  room: BodyRoom,
): Promise<Uint8Array | undefined> {
  if (lengthBytes > maxBytes) {
    await discardBody(request);
    return undefined;
  }
  await room.take(lengthBytes);
  let body = new Uint8Array();
  let receivedBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer<ArrayBuffer>>) {
    if (chunk.byteLength === lengthBytes) {
      // In one piece, as most of them come.
      body = chunk;
      continue;
    }
    // Where it belongs as it comes, so that a large body is in memory once and not twice.
    if (receivedBytes === 0) body = new Uint8Array(Buffer.allocUnsafeSlow(lengthBytes).buffer);
    body.set(chunk, receivedBytes);
    receivedBytes += chunk.byteLength;
  }
  return body;
}

async function receiveChunks(
  request: IncomingMessage,
  maxBytes: number,
  room: BodyRoom,
): Promise<Uint8Array | undefined> {
  let body = new Uint8Array();
  let receivedBytes = 0;
  // Where there will be no room, the request is still to be answered.
  const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const chunk of chunks) {
    const start = receivedBytes;
    receivedBytes += chunk.byteLength;
    if (receivedBytes > maxBytes) {
      // The rest is read and not kept.
      body = new Uint8Array();
      room.settle(0);
      continue;
    }
    if (receivedBytes > body.byteLength) {
      const roomBytes = Math.min(maxBytes, Math.max(receivedBytes, 2 * body.byteLength, leastRoomBytes));
      await room.take(roomBytes);
      const larger = new Uint8Array(Buffer.allocUnsafeSlow(roomBytes).buffer);
      larger.set(body.subarray(0, start));
      body = larger;
      room.settle(roomBytes);
    }
    body.set(chunk, start);
  }
  return receivedBytes > maxBytes ? undefined : body.subarray(0, receivedBytes);
}

const leastRoomBytes = 64 * 1024;

/**
 * Reads what is left of a request and keeps none of it.
 *
 * @example
 * ```ts
 * await discardBody(request);
 * response.writeHead(404).end();
 * ```
 * @throws the error of the request's stream if it breaks off
 */
export async function discardBody(request: IncomingMessage): Promise<void> {
  if (request.complete) return;
  request.resume();
  await finished(request);
}
