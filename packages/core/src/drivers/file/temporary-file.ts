import { randomUUID } from "node:crypto";
import { futimes } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import type { DirectoryOwner } from "./directory-owner.ts";
import { syncDescriptor } from "./sync-directory.ts";
import { currentTimeSeconds } from "./unique-time.ts";

// Yarn's Plug'n'Play has its own `FileHandle`, without `utimes`, `sync` and `datasync`.
const setTimes = promisify(futimes);

/** A new file, on the disk in full before it gets the name that others know. */
export class TemporaryFile implements AsyncDisposable {
  readonly path: string;
  readonly handle: FileHandle;
  #hasName = true;

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.handle = handle;
  }

  /** @param owner whom the file is given to, unless it stays with who writes it */
  static async create(
    directory: string,
    body: Uint8Array,
    signal: AbortSignal,
    owner?: DirectoryOwner,
  ): Promise<TemporaryFile> {
    const path = join(directory, randomUUID());
    const file = new TemporaryFile(path, await open(path, "wx"));
    try {
      owner?.give(file.handle.fd);
      await file.handle.writeFile(body, { signal });
      // The kernel's own times have the resolution of its tick, in which somebody may well rewrite the file in place.
      const time = currentTimeSeconds();
      await setTimes(file.handle.fd, time, time);
      await syncDescriptor(file.handle.fd);
      return file;
    } catch (error) {
      await file[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The first name has become the last one, or has been removed. */
  forgetName(): void {
    this.#hasName = false;
  }

  /** Removes the first name, unless it is gone. */
  async removeName(): Promise<void> {
    if (!this.#hasName) return;
    this.#hasName = false;
    // What is left behind is swept later, and must not make a failure of a write that has happened.
    await unlink(this.path).catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.removeName(), this.handle.close().catch(() => undefined)]);
  }
}
