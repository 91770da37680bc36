import { access, constants, lstat, readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";

import { agreeOnNames, readNames } from "./agree-on-names.ts";
import { DirectoryOwner } from "./directory-owner.ts";
import { errnoOf, mountNotFound } from "./file-error.ts";
import type { FileNames } from "./file-key.ts";
import { makeDirectory } from "./make-directory.ts";

/** A directory that is ready to keep values, and where the store keeps its own files in it. */
export interface StateDirectory {
  readonly root: string;
  /** Whether nothing may be made or changed in it. */
  readonly isReadOnly: boolean;
  /** Files that are being written; on the same filesystem as the values, so that they can be moved there. */
  readonly temporary: string;
  readonly locks: string;
  readonly names: FileNames;
  /** Whom whatever is made in it is given to; `undefined` if it stays with who makes it. */
  readonly owner: DirectoryOwner | undefined;
}

const orphanAgeMs = 60 * 60 * 1_000;

/** Makes sure that the directory is there and can be written to, and makes `.holdpoint` in it. */
export async function prepareStateDirectory(root: string): Promise<StateDirectory> {
  await assertDirectory(root, `${root} does not exist`);
  const own = join(root, ".holdpoint");
  const temporary = join(own, "tmp");
  const locks = join(own, "locks");
  // One by one, because a recursive mkdir would make the root too if it vanished just now.
  const owner = await DirectoryOwner.of(root);
  await makeDirectory(own, { temporary: root, owner });
  for (const directory of [temporary, locks]) await makeDirectory(directory, { temporary: own, owner });
  const names = await agreeOnNames(join(own, "layout.json"), { temporary, owner });
  await removeOrphans(temporary);
  return { root, isReadOnly: false, temporary, locks, names, owner };
}

/** The same for who only reads: the directory is taken as it is, with or without `.holdpoint` in it. */
export async function findStateDirectory(root: string): Promise<StateDirectory> {
  await assertDirectory(root, `${root} does not exist`);
  const own = join(root, ".holdpoint");
  // Where no store has written yet, another program's files have the names that it gave them.
  const names = (await readNames(join(own, "layout.json"))) ?? "exact";
  return { root, isReadOnly: true, temporary: join(own, "tmp"), locks: join(own, "locks"), names, owner: undefined };
}

/** Throws unless the directory still is what was prepared: an unmounted volume leaves an empty directory behind. */
export async function assertStillMounted({ root, isReadOnly, temporary, locks }: StateDirectory): Promise<void> {
  if (isReadOnly) return await assertDirectory(root, `${root} does not exist`);
  await assertDirectory(temporary, `the directory .holdpoint in ${root} is gone`);
  await assertDirectory(locks, `the directory .holdpoint in ${root} is incomplete`);
}

async function assertDirectory(path: string, problem: string): Promise<void> {
  try {
    // The slash makes anything but a directory an error.
    await access(`${path}/`, constants.F_OK);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT") throw mountNotFound(problem, error);
    if (errno === "ENOTDIR") throw mountNotFound(`${path} is not a directory`, error);
    throw error;
  }
}

/** Removes what processes left behind that were killed while they wrote. The change time is one that nobody sets. */
async function removeOrphans(temporary: string): Promise<void> {
  for (const name of await readdir(temporary)) {
    const path = join(temporary, name);
    try {
      const stats = await lstat(path);
      if (Date.now() - stats.ctimeMs <= orphanAgeMs) continue;
      if (stats.isDirectory()) await rmdir(path);
      else await rm(path, { force: true });
    } catch {
      // Gone already, or not ours to remove: it only takes space.
    }
  }
}
