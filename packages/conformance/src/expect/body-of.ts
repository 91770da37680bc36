/** The bytes of a text. */
export function bodyOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Bytes that do not repeat in any period a buffer could have, the same ones for the same `seed`. */
export function noiseOf(sizeBytes: number, seed = 1): Uint8Array {
  const body = new Uint8Array(sizeBytes);
  const words = new Uint32Array(body.buffer, 0, Math.floor(sizeBytes / 4));
  // xorshift32: fast enough for many megabytes, and nothing that compresses.
  let state = seed * 2654435761 || 1;
  for (let index = 0; index < words.length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  body.fill(seed & 255, words.byteLength);
  return body;
}
