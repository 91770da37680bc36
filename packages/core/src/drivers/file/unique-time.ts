import { closeSync, fstatSync, futimesSync, openSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";

import { errnoOf, FileStoreError } from "./file-error.ts";

// Node passes times as floating-point seconds, which today are exact to about a quarter of a microsecond.
const firstStepNs = 1_000n;
const largestStepNs = 60_000_000_000n;

/** The time now as the seconds that `utimes` takes, with digits below the millisecond that no clock tick has. */
export function currentTimeSeconds(): number {
  return (Date.now() + Math.random()) / 1_000;
}

/**
 * Gives an open file a modification time that is later than every one given before under the same lock, and says whether
 * the file's time had to be changed for that. To be called while holding the lock: the latest time given is kept as the
 * modification time of the lock's own file, or of one beside it, where it outlives every process. Should that be lost with
 * a crash of the machine, the clock has gone on.
 */
export function stampUniqueTime(file: number, lockPath: string): { readonly changed: boolean } {
  const given = fstatSync(file, { bigint: true }).mtimeNs;
  const latest = latestTime(lockPath);
  const changed = given <= latest;
  const unique = raiseTime(latest + 1n, {
    read: () => fstatSync(file, { bigint: true }).mtimeNs,
    write: (seconds) => futimesSync(file, seconds, seconds),
  });
  // Before the file is published: a crash in between only leaves a time that nobody uses.
  keepTime(unique, lockPath);
  return { changed };
}

function latestTime(lockPath: string): bigint {
  const own = statSync(lockPath, { bigint: true }).mtimeNs;
  const beside = statSync(besideOf(lockPath), { bigint: true, throwIfNoEntry: false })?.mtimeNs ?? own;
  return beside > own ? beside : own;
}

function keepTime(unique: bigint, lockPath: string): void {
  try {
    raiseTime(unique, {
      read: () => statSync(lockPath, { bigint: true }).mtimeNs,
      write: (seconds) => utimesSync(lockPath, seconds, seconds),
    });
  } catch (error) {
    // Only its owner may give a file a time. On a volume that several users share by its group, that may be another.
    if (errnoOf(error) !== "EPERM") throw error;
    keepTimeBeside(unique, lockPath);
  }
}

/** In a file of one's own, which takes the place of whoever's was there. The lock itself must stay the same file. */
function keepTimeBeside(unique: bigint, lockPath: string): void {
  const next = `${lockPath}.next`;
  // Left by a process that was killed: whoever holds the lock is the only one to make it.
  rmSync(next, { force: true });
  const file = openSync(next, "wx");
  try {
    raiseTime(unique, {
      read: () => fstatSync(file, { bigint: true }).mtimeNs,
      write: (seconds) => futimesSync(file, seconds, seconds),
    });
  } finally {
    closeSync(file);
  }
  renameSync(next, besideOf(lockPath));
}

function besideOf(lockPath: string): string {
  return `${lockPath}.time`;
}

/**
 * Raises a file's time to at least `minimum` nanoseconds. What was really stored is read back, because both the number and
 * the filesystem round, to anything between a nanosecond and two seconds.
 */
function raiseTime(
  minimum: bigint,
  time: { readonly read: () => bigint; readonly write: (seconds: number) => void },
): bigint {
  let stored = time.read();
  for (let stepNs = firstStepNs; stored < minimum; stepNs *= 2n) {
    if (stepNs > largestStepNs) {
      throw new FileStoreError("unsupported", "the filesystem does not keep the modification times that it is given", {
        remedy: "Use a local POSIX filesystem or NFS for the directory, or another backend.",
      });
    }
    time.write(Number(minimum + stepNs) / 1e9);
    stored = time.read();
  }
  return stored;
}
