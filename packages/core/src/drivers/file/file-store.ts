import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

import type { CheckpointBackend } from "../../store/checkpoint-backend.ts";
import { CheckpointError } from "../../store/checkpoint-error.ts";
import type { CheckpointStore } from "../../store/checkpoint-store.ts";
import { openDriver } from "../../store/open-driver.ts";
import { defaultAttemptTimeoutMs } from "../../store/store-options.ts";
import type { StoreOptions } from "../../store/store-options.ts";
import { folderPath } from "../../store/store-place.ts";
import { assertStorePath } from "../../store/store-text.ts";
import { readUrlOptions, urlError } from "../../store/url-options.ts";
import { FileDriver } from "./file-driver.ts";
import { isError } from "../../store/is-error.ts";

/** Options of {@link createFileStore}. */
export interface FileStoreOptions extends StoreOptions {
  /** Where values are kept: an existing directory, for example the mount point of a volume. */
  readonly directory: string;
}

/**
 * A store in a directory: the value of the key `paused/task-1.json` is the plain file `paused/task-1.json` in it.
 *
 * Any number of processes, on one machine or on several that share the directory over NFS with working locks, may use it
 * at the same time, and may be killed at any time. Other programs may read, write, replace and remove the files; what a
 * file holds is the current value. Everything of the store's own is in the directory `.holdpoint`.
 *
 * @throws {CheckpointError} `invalid-argument`; `not-found` if the directory does not exist (it is never created: a mount
 * that is missing must not go unnoticed); `permission-denied`, also if it is read-only; `unsupported` if the filesystem
 * lacks links or locks, and on Windows; `unavailable`, for example if the disk is full
 * @example
 * ```ts
 * await using store = await createFileStore({ directory: "/state" });
 * ```
 */
export async function createFileStore(options: FileStoreOptions): Promise<CheckpointStore> {
  const { directory, attemptTimeoutMs = defaultAttemptTimeoutMs } = options;
  if (process.platform === "win32") {
    throw new CheckpointError(
      "unsupported",
      "file: Windows cannot make a directory durable. Use WSL, or another backend.",
      {
        backend: "file",
      },
    );
  }
  if (typeof directory !== "string" || directory === "" || directory.includes("\0")) {
    throw new CheckpointError("invalid-argument", "file: the directory is not a path.", { backend: "file" });
  }
  assertStorePath(resolve(directory));
  // So short that all attempts end before their deadlines, and it is certain that waiting in vain has changed nothing.
  const lockWaitMs = Math.ceil(attemptTimeoutMs * 0.4);
  const driver = new FileDriver(resolve(directory), { lockWaitMs, isReadOnly: options.access === "read" });
  return await openDriver(driver, options);
}

export const fileBackend: CheckpointBackend<FileStoreOptions> = {
  name: "file",
  schemes: ["file"],
  parseUrl: (url) => ({ directory: readPath(url), ...readUrlOptions(url, {}) }),
  open: createFileStore,
  placeOf: (location) => ({ server: "file", path: folderPath(realpathSync(fileURLToPath(location))) }),
};

function readPath(url: URL): string {
  if (url.hostname !== "") {
    throw urlError(
      "file",
      `it names the host ${url.hostname}; write file:///path, with three slashes, for a local path`,
    );
  }
  if (url.hash !== "") throw urlError("file", "it has a part after #; write %23 for a # in the path");
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw urlError("file", isError(error) ? error.message : String(error));
  }
}
