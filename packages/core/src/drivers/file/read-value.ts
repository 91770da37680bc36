import { closeSync, constants, fstatSync, open, read } from "node:fs";
import { promisify } from "node:util";

import { BodyTooLargeError } from "../../store/checkpoint-driver.ts";
import type { DriverRecord } from "../../store/checkpoint-driver.ts";
import { FileStoreError, errnoOf, notRegularFile, openFailure } from "./file-error.ts";
import { fileVersion } from "./file-version.ts";

// Bare descriptors rather than file handles: what an open file can tell without a disk is asked in place, since each trip
// to Node's thread pool takes longer than that.
const openFile = promisify(open);
const readFile = promisify(read);

/** Of a symbolic link not its target, and without waiting for the other end of a named pipe. */
export const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** How large a file may be. */
export interface SizeLimits {
  /** What a value may have. */
  readonly maxBodyBytes: number;
  /** What is wanted. */
  readonly maxBytes: number | undefined;
}

/** Reads a whole file together with its version; `null` if there is none. */
export async function readValue(
  path: string,
  { maxBodyBytes, maxBytes = maxBodyBytes }: SizeLimits,
): Promise<DriverRecord | null> {
  let file: number;
  try {
    file = await openFile(path, openFlags);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw openFailure(path, error);
  }
  try {
    const before = fstatSync(file, { bigint: true });
    if (!before.isFile()) throw notRegularFile(path);
    if (before.size > BigInt(maxBodyBytes)) {
      throw new FileStoreError(
        "corrupt",
        `${path} has ${before.size} bytes, more than a value may have (${maxBodyBytes})`,
        {
          remedy: "It was not written by this store: move it out of the way.",
        },
      );
    }
    if (before.size > BigInt(maxBytes)) {
      throw new BodyTooLargeError(Number(before.size), fileVersion(before));
    }
    // Not filled with zeros first, since all of it is overwritten.
    const body = new Uint8Array(Buffer.allocUnsafeSlow(Number(before.size)).buffer);
    const filled = await fill(file, body);
    const after = fstatSync(file, { bigint: true });
    if (filled < body.byteLength || fileVersion(before) !== fileVersion(after)) {
      throw new FileStoreError("unavailable", `${path} was changed by another program while it was read`, {
        retryable: true,
        remedy: "Let that program write a new file and rename it into place.",
      });
    }
    return { body, version: fileVersion(before), writeId: undefined, modifiedAt: before.mtime };
  } finally {
    closeSync(file);
  }
}

async function fill(file: number, body: Uint8Array): Promise<number> {
  let filled = 0;
  while (filled < body.byteLength) {
    const { bytesRead } = await readFile(file, body, filled, body.byteLength - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}
