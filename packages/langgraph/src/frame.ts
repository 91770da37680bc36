import { CheckpointError } from "@holdpoint/core";

const magic = "holdpoint-langgraph1 ";
const lineEnd = 10;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** A stored document: what is said about it, and the bytes that a serialiser made, each for itself. */
export interface Frame {
  readonly header: Readonly<Record<string, unknown>>;
  readonly parts: readonly Uint8Array[];
}

/**
 * One line of JSON, then all parts as they are: nothing is escaped or grows, and a person can read who wrote what.
 *
 * @example
 * ```ts
 * encodeFrame({ header: { task: "t" }, parts: [bytes] }); // holdpoint-langgraph1 {"task":"t","sizes":[3]}\n…
 * ```
 */
export function encodeFrame({ header, parts }: Frame): Uint8Array {
  const sizes = parts.map((part) => part.byteLength);
  const line = Buffer.from(`${magic}${JSON.stringify({ ...header, sizes })}\n`);
  return Buffer.concat([line, ...parts]);
}

/** @throws {CheckpointError} `corrupt` if these are not the bytes that {@link encodeFrame} made */
export function decodeFrame(stored: Uint8Array, key: string): Frame {
  const end = stored.indexOf(lineEnd);
  const { sizes, ...header } = readLine(stored.subarray(0, Math.max(end, 0)), key);
  if (!Array.isArray(sizes) || !sizes.every((size) => Number.isSafeInteger(size) && size >= 0)) throw corrupt(key);
  let offset = end + 1;
  const parts = sizes.map((size: number) => stored.subarray(offset, (offset += size)));
  if (offset !== stored.byteLength) throw corrupt(key);
  return { header, parts };
}

function readLine(bytes: Uint8Array, key: string): Record<string, unknown> {
  try {
    const line = utf8.decode(bytes);
    const header: unknown = line.startsWith(magic) ? JSON.parse(line.slice(magic.length)) : undefined;
    if (typeof header === "object" && header !== null) return header as Record<string, unknown>;
  } catch (error) {
    throw corrupt(key, error);
  }
  throw corrupt(key);
}

/** That something under a saver's key is not what a saver wrote. */
export function corrupt(key: string, cause?: unknown): CheckpointError {
  return new CheckpointError(
    "corrupt",
    `langgraph: what is stored under ${JSON.stringify(key)} is not a document of this saver, or is damaged.`,
    { key, cause },
  );
}
