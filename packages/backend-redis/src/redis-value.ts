import { createHash, randomUUID } from "node:crypto";
import { crc32 } from "node:zlib";

// A Redis string and not a hash, because one SET replaces body, version, write id and expiry at once. A hash would need
// HSET and then PEXPIRE or PERSIST, and a script is not rolled back when its second command is refused, for example by
// an ACL: https://redis.io/docs/latest/develop/programmability/eval-intro/#atomic-execution

/** What one Redis string holds: a line about the write, then the body byte for byte. */
export interface RedisValue {
  readonly version: string;
  /** `undefined` if it was not a store like this one that wrote the value. */
  readonly writeId: string | undefined;
  readonly body: Uint8Array;
}

/** What the first line of a value begins with. */
export const magic = "holdpoint1 ";

/** The bytes that the first line has at most: the magic, 45 of the version, 300 of the write id, separators. */
export const maxHeaderBytes = 384;

/** What the first line looks like, as a Lua pattern that captures the version and the write id. */
export const headerLuaPattern = String.raw`^${magic}(%S+) ([^\n]*)\n`;

/** What the version of a value begins with that has no such line; the SHA-1 of the value follows. */
export const rawVersionMark = "raw-";

/**
 * A version for one attempt at a write: random, so that no server has to count, and a deleted key cannot get an old
 * version again, neither by an attempt that repeats the write nor after a failover that lost writes. A checksum at its
 * end ties it to the write id, so that damage to either shows.
 */
export function createVersion(writeId: string): string {
  const nonce = randomUUID();
  return nonce + checksumMark(crc32(`${nonce} ${writeId}`));
}

function checksumMark(checksum: number): string {
  return `-${checksum.toString(16).padStart(checksumLength, "0")}`;
}

const nonceLength = 36;
const checksumLength = 8;
const versionLength = nonceLength + "-".length + checksumLength;

/** The line that comes before the body, in Latin-1; `version` is one of {@link createVersion}. */
export function valueHead(version: string, writeId: string): string {
  return `${valueStart(version)}${writeId}\n`;
}

/** What a value with a version begins with. */
export function valueStart(version: string): string {
  return `${magic}${version} `;
}

/** How many bytes from the start of a value it takes to read its version. */
export const versionedBytes: number = magic.length + versionLength;

/** The version that the first {@link versionedBytes} bytes of a value say; `undefined` where they say none. */
export function versionOfHead(start: Buffer): string | undefined {
  const text = start.toString("latin1", 0, versionedBytes);
  return text.length === versionedBytes && text.startsWith(magic) ? text.slice(magic.length) : undefined;
}

/**
 * Reads a body with its {@link valueHead}; `undefined` if its first line is damaged. A string without such a line is the
 * value that another program stored there, for example a Python actor whose task is now to be resumed here. Takes
 * `stored` over: whoever hands it in must not use it any more.
 */
export function decodeValue(stored: Buffer): RedisValue | undefined {
  const head = decodeHead(stored);
  if (head === undefined) return undefined;
  const { writeId, bodyStart } = head;
  if (head.version !== undefined) return { version: head.version, writeId, body: bodyAfter(stored, bodyStart) };
  // SHA-1, because it is what a script can compute.
  const version = rawVersionMark + createHash("sha1").update(stored).digest("hex");
  return { version, writeId, body: new Uint8Array(stored) };
}

/** What comes before the body of a value: nothing where another program has stored it. */
interface ValueHead {
  readonly version: string | undefined;
  readonly writeId: string | undefined;
  readonly bodyStart: number;
}

const noHead: ValueHead = { version: undefined, writeId: undefined, bodyStart: 0 };

/**
 * Reads the first line of a value, of which at least the first {@link maxHeaderBytes} bytes are here; `undefined` if it is
 * damaged.
 */
export function decodeHead(stored: Buffer): ValueHead | undefined {
  const start = stored.toString("latin1", 0, maxHeaderBytes);
  if (!start.startsWith(magic)) return noHead;
  const versionEnd = start.indexOf(" ", magic.length);
  const lineEnd = start.indexOf("\n");
  const version = start.slice(magic.length, versionEnd);
  const writeId = start.slice(versionEnd + 1, lineEnd);
  // Not a line, or a damaged one.
  if (versionEnd < 0 || lineEnd < versionEnd) return undefined;
  if (version.slice(nonceLength) !== checksumMark(storedChecksum(stored, versionEnd, lineEnd))) return undefined;
  return { version, writeId, bodyStart: lineEnd + 1 };
}

/** The CRC-32 that {@link createVersion} takes, of a line's nonce and of its write id with the space before it. */
function storedChecksum(stored: Buffer, versionEnd: number, lineEnd: number): number {
  const nonce = crc32(stored.subarray(magic.length, magic.length + nonceLength));
  return crc32(stored.subarray(versionEnd, lineEnd), nonce);
}

/** What follows the first bytes, in an array that nobody else holds. */
function bodyAfter(stored: Buffer, start: number): Uint8Array {
  const { buffer, byteLength } = stored;
  // A small answer is part of what was read from the socket with others.
  if (buffer.byteLength !== byteLength)
    return new Uint8Array(buffer, stored.byteOffset + start, byteLength - start).slice();
  // A large one has memory of its own, and moving it there costs far less than as much memory again.
  stored.copyWithin(0, start);
  return new Uint8Array(buffer, 0, byteLength - start);
}
