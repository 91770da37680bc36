import type { IncomingMessage } from "node:http";

/**
 * Reads a request's whole body; `undefined` if it is larger than allowed. That one is read to its end as well, and
 * thrown away: a peer that is still writing when the connection is closed would never see the answer.
 */
export async function readRequestBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let lengthBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    lengthBytes += chunk.byteLength;
    if (lengthBytes <= maxBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  return lengthBytes > maxBytes ? undefined : Buffer.concat(chunks);
}
