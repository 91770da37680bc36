import { constants, fsync } from "node:fs";
import { open } from "node:fs/promises";
import { promisify } from "node:util";

import { errnoOf } from "./file-error.ts";

/** How directories are opened; fails if it is something else. */
export const openDirectoryFlags = constants.O_RDONLY | constants.O_DIRECTORY;

/** Makes what was written to an open file survive a crash of the machine. */
export const syncDescriptor = promisify(fsync);

/** Makes the names in a directory survive a crash of the machine. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, openDirectoryFlags);
  try {
    await syncOpenDirectory(handle.fd);
  } finally {
    await handle.close();
  }
}

/**
 * {@link syncDirectory} of a directory that is open already. Filesystems that have no such thing say EINVAL, and there is
 * nothing more that could be done: https://man7.org/linux/man-pages/man2/fsync.2.html
 */
export async function syncOpenDirectory(descriptor: number): Promise<void> {
  try {
    await syncDescriptor(descriptor);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== "EINVAL" && errno !== "ENOTSUP" && errno !== "EOPNOTSUPP") throw error;
  }
}
