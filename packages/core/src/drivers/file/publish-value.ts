import type { BigIntStats } from "node:fs";
import { closeSync, fstatSync, linkSync, openSync, renameSync, unlinkSync } from "node:fs";

import type { Precondition } from "../../store/checkpoint-driver.ts";
import { PreconditionFailedError } from "../../store/checkpoint-driver.ts";
import { FileStoreError, classifyFileError, errnoOf, notRegularFile, openFailure } from "./file-error.ts";
import { fileVersion } from "./file-version.ts";
import { openFlags } from "./read-value.ts";
import type { TemporaryFile } from "./temporary-file.ts";
import { stampUniqueTime } from "./unique-time.ts";

/** Where a key's value is, and the lock that guards it. */
export interface ValuePlace {
  readonly target: string;
  readonly lockPath: string;
}

/**
 * Gives a written file the name of the value, if the precondition holds. To be called while holding the key's lock, which
 * keeps away every other process that uses this package; a new value is made with `link`, which keeps away all others too. A program that knows nothing of the lock and replaces an existing value just between the
 * comparison and the `rename`, some system calls later, is overwritten: POSIX has no way to do both at once.
 */
export function publishValue(
  file: TemporaryFile,
  precondition: Precondition,
  { target, lockPath }: ValuePlace,
): { readonly version: string; readonly timeChanged: boolean } {
  if (precondition.kind === "version") assertHolds(precondition, target);
  const { changed } = stampUniqueTime(file.handle.fd, lockPath);
  const stats = fstatSync(file.handle.fd, { bigint: true });
  try {
    if (precondition.kind === "absent") linkSync(file.path, target);
    else {
      renameSync(file.path, target);
      file.forgetName();
    }
  } catch (error) {
    settle(file.path, target, stats, precondition, error);
  }
  return { version: fileVersion(stats), timeChanged: changed };
}

/** Throws a `PreconditionFailedError` unless the precondition holds at this moment. */
export function assertHolds(precondition: Precondition, target: string): void {
  if (precondition.kind === "any") return;
  const current = statsOf(target);
  const holds =
    precondition.kind === "absent"
      ? current === undefined
      : current !== undefined && fileVersion(current) === precondition.version;
  if (!holds) throw new PreconditionFailedError();
}

/**
 * What stands under a name now; `undefined` if nothing does. Opened rather than only looked at, because that is when an NFS
 * client asks the server.
 */
export function statsOf(path: string): BigIntStats | undefined {
  let file: number;
  try {
    file = openSync(path, openFlags);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw openFailure(path, error);
  }
  try {
    const stats = fstatSync(file, { bigint: true });
    if (!stats.isFile()) throw notRegularFile(path);
    return stats;
  } finally {
    closeSync(file);
  }
}

/**
 * Returns if a failed `link` or `rename` has happened after all: over NFS a repeated request meets its own first attempt
 * (EEXIST, ENOENT), and an answer may be lost (EIO). Throws what is certain otherwise.
 */
function settle(path: string, target: string, written: BigIntStats, precondition: Precondition, error: unknown): void {
  const refused = !classifyFileError(error).retryable && errnoOf(error) !== "EEXIST";
  if (refused) throw error;
  let removed: boolean;
  let current: BigIntStats | undefined;
  try {
    // First, so that a request that is still under way can no longer succeed.
    removed = unlinkIfThere(path);
    current = statsOf(target);
  } catch (doubt) {
    // A target of another kind is certainly not ours.
    if (doubt instanceof FileStoreError) throw doubt;
    throw inDoubt(target, error);
  }
  if (current?.ino === written.ino && current.dev === written.dev && current.mtimeNs === written.mtimeNs) return;
  if (!removed) throw inDoubt(target, error);
  if (precondition.kind === "absent" && errnoOf(error) === "EEXIST") throw new PreconditionFailedError();
  throw error;
}

function unlinkIfThere(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}

function inDoubt(target: string, cause: unknown): FileStoreError {
  return new FileStoreError("unavailable", `the filesystem failed while ${target} was replaced`, {
    outcome: "unknown",
    remedy: "Check the volume and, if it is a network filesystem, its server.",
    cause,
  });
}
