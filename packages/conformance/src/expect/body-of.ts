/** The bytes of a text. */
export function bodyOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** ASCII characters that do not repeat in any period a buffer could have, the same ones for the same `seed`. */
export function noiseOf(sizeBytes: number, seed = 1): Uint8Array {
  const body = binaryNoiseOf(sizeBytes, seed);
  for (let index = 0; index < sizeBytes; index += 1) body[index]! &= 0x7f;
  return body;
}

/** Bytes of all values that do not repeat in any period a buffer could have, the same ones for the same `seed`. */
export function binaryNoiseOf(sizeBytes: number, seed = 1): Uint8Array {
  const body = new Uint8Array(sizeBytes);
  const words = new Uint32Array(body.buffer, 0, Math.floor(sizeBytes / 4));
  // xorshift32: fast enough for many megabytes, and nothing that compresses.
  let state = Math.imul(seed, 2_654_435_761) || 1;
  for (let index = 0; index < words.length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  body.fill(seed, words.byteLength);
  return body;
}
