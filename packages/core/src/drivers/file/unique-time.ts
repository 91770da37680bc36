import { fstatSync, futimesSync, statSync, utimesSync } from "node:fs";

import { FileStoreError } from "./file-error.ts";

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
 * modification time of the lock's own file, where it outlives every process. Should that be lost with a crash of the
 * machine, the clock has gone on.
 */
export function stampUniqueTime(file: number, lockPath: string): { readonly changed: boolean } {
  const given = fstatSync(file, { bigint: true }).mtimeNs;
  const latest = statSync(lockPath, { bigint: true }).mtimeNs;
  const changed = given <= latest;
  const unique = raiseTime(latest + 1n, {
    read: () => fstatSync(file, { bigint: true }).mtimeNs,
    write: (seconds) => futimesSync(file, seconds, seconds),
  });
  // Before the file is published: a crash in between only leaves a time that nobody uses.
  raiseTime(unique, {
    read: () => statSync(lockPath, { bigint: true }).mtimeNs,
    write: (seconds) => utimesSync(lockPath, seconds, seconds),
  });
  return { changed };
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
