import { randomUUID } from "node:crypto";
import { closeSync, constants, fchmodSync, fchownSync, fstatSync, linkSync, openSync, unlinkSync } from "node:fs";
import { lstat, mkdir, open, rename, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";

import { errnoOf } from "./file-error.ts";

/** A rootless container has users that it cannot name, and a server or a capability may deny even root; doctor tells of it. */
const cannotGive: ReadonlySet<string | undefined> = new Set(["EPERM", "EINVAL", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"]);

// O_NOFOLLOW: whoever owns the directory must not be able to have something else given to them.
const newDirectoryFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * Whoever owns a store's directory, where root uses it for them: what root makes in it must be theirs, or they can no
 * longer work there. Everything gets its owner before it gets the name that others look for, so that nobody ever meets
 * what they may not use, also if root's process is killed.
 */
export class DirectoryOwner {
  readonly #uid: number;
  readonly #gid: number;
  readonly #mode: number;

  private constructor(uid: number, gid: number, mode: number) {
    this.#uid = uid;
    this.#gid = gid;
    this.#mode = mode;
  }

  /** `undefined` if what this process makes is the owner's anyway, or cannot be given away. */
  static async of(root: string): Promise<DirectoryOwner | undefined> {
    if (process.geteuid?.() !== 0) return undefined;
    const { uid, gid, mode } = await stat(root);
    return uid === 0 && gid === process.getegid?.() ? undefined : new DirectoryOwner(uid, gid, mode);
  }

  /** Gives an open file or directory away, which this process has just made. */
  give(descriptor: number): void {
    try {
      fchownSync(descriptor, this.#uid, this.#gid);
    } catch (error) {
      if (!cannotGive.has(errnoOf(error))) throw error;
      return;
    }
    // A volume may be shared by its group alone, as those are that Kubernetes mounts with fsGroup.
    const made = fstatSync(descriptor);
    const shared = this.#mode & (made.isDirectory() ? 0o2070 : 0o060);
    if ((made.mode & shared) !== shared) fchmodSync(descriptor, (made.mode | shared) & 0o7777);
  }

  /** Makes an empty file unless there is one. The file is never open under its name: closing it would release a lock on it. */
  makeFile(path: string, temporary: string): void {
    const proposal = join(temporary, randomUUID());
    const descriptor = openSync(proposal, "wx");
    try {
      try {
        this.give(descriptor);
      } finally {
        closeSync(descriptor);
      }
      linkSync(proposal, path);
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    } finally {
      unlinkSync(proposal);
    }
  }

  /** Makes a directory unless there is something; says whether it did. */
  async makeDirectory(path: string, temporary: string): Promise<boolean> {
    if (await isThere(path)) return false;
    const proposal = join(temporary, `.holdpoint-${randomUUID()}`);
    await mkdir(proposal);
    try {
      const handle = await open(proposal, newDirectoryFlags);
      try {
        this.give(handle.fd);
      } finally {
        await handle.close();
      }
      // Replaces nothing but an empty directory that somebody else has made in this moment.
      await rename(proposal, path);
      return true;
    } catch (error) {
      await rmdir(proposal).catch(() => undefined);
      const errno = errnoOf(error);
      if (errno === "EEXIST" || errno === "ENOTEMPTY" || errno === "ENOTDIR") return false;
      throw error;
    }
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}
