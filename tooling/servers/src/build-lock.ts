import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

const pollIntervalMs = 500;

/**
 * Runs `work` while no other process runs any with the same lock file.
 *
 * The lock is one of SQLite's on its database file, so the kernel releases it with the process: none is ever stale.
 *
 * @example
 * ```ts
 * await withBuildLock("/var/cache/build.lock", console.error, build);
 * ```
 */
export async function withBuildLock<Result>(
  lockFile: string,
  say: (line: string) => void,
  work: () => Promise<Result>,
): Promise<Result> {
  const database = new DatabaseSync(lockFile, { timeout: 0 });
  try {
    for (let attempt = 1; !tryToLock(database); attempt += 1) {
      if (attempt === 1) say("waiting for another run that is building servers …");
      // SQLite has no way to be told; its own wait would block this process.
      await sleep(pollIntervalMs);
    }
    return await work();
  } finally {
    database.close();
  }
}

function tryToLock(database: DatabaseSync): boolean {
  try {
    database.exec("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    const sqliteBusy = 5;
    if ((error as { errcode?: number }).errcode === sqliteBusy) return false;
    throw error;
  }
}
