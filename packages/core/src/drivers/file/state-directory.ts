import { randomUUID } from "node:crypto";
import { access, constants, link, lstat, mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { FileStoreError, errnoOf, mountNotFound } from "./file-error.ts";
import type { FileNames } from "./file-key.ts";
import { syncDirectory } from "./sync-directory.ts";

/** A directory that is ready to keep values, and where the store keeps its own files in it. */
export interface StateDirectory {
  readonly root: string;
  /** Files that are being written; on the same filesystem as the values, so that they can be moved there. */
  readonly temporary: string;
  readonly locks: string;
  readonly names: FileNames;
}

/** How the files are laid out, written once for all processes: two that differ would not see each other's values. */
interface Layout {
  readonly layout: 1;
  readonly names: FileNames;
}

const orphanAgeMs = 60 * 60 * 1_000;

/** Makes sure that the directory is there and can be written to, and makes `.holdpoint` in it. */
export async function prepareStateDirectory(root: string): Promise<StateDirectory> {
  await assertDirectory(root);
  const own = join(root, ".holdpoint");
  const temporary = join(own, "tmp");
  const locks = join(own, "locks");
  // One by one, because a recursive mkdir would make the root too if it vanished just now.
  for (const directory of [own, temporary, locks]) await makeDirectory(directory);
  const names = await agreeOnNames(join(own, "layout.json"), temporary);
  await removeOrphans(temporary);
  return { root, temporary, locks, names };
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  }
}

/** Throws unless the directory still is what was prepared: an unmounted volume leaves an empty directory behind. */
export async function assertStillMounted({ root, temporary }: StateDirectory): Promise<void> {
  try {
    await access(temporary, constants.F_OK);
  } catch (error) {
    throw errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR" ? mountNotFound(root, error) : error;
  }
}

async function assertDirectory(root: string): Promise<void> {
  try {
    // The trailing slash makes a file that is not a directory an error.
    await access(`${root}/`, constants.F_OK);
  } catch (error) {
    throw errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR" ? mountNotFound(root, error) : error;
  }
}

/** Finds out whether the filesystem keeps names byte for byte, by making one and looking for others that are near it. */
async function probeNames(temporary: string): Promise<FileNames> {
  const stem = randomUUID();
  const composed = `${stem}-a\u00e9`;
  const path = join(temporary, composed);
  try {
    await writeFile(path, "", { flag: "wx" });
  } catch (error) {
    if (errnoOf(error) === "EINVAL" || errnoOf(error) === "EILSEQ") return "portable";
    throw error;
  }
  try {
    const near = [`${stem}-A\u00e9`, `${stem}-a\u00c9`, `${stem}-ae\u0301`, `${composed}.`];
    for (const name of near) {
      if (await exists(join(temporary, name))) return "portable";
    }
    return (await readdir(temporary)).includes(composed) ? "exact" : "portable";
  } finally {
    await rm(path, { force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "EINVAL" || errnoOf(error) === "EILSEQ") return false;
    throw error;
  }
}

async function agreeOnNames(path: string, temporary: string): Promise<FileNames> {
  const probed = await probeNames(temporary);
  const text = (await readIfThere(path)) ?? (await proposeLayout(path, temporary, { layout: 1, names: probed }));
  const { names } = readLayout(text, path);
  if (names === "exact" && probed === "portable") {
    throw new FileStoreError(
      "unsupported",
      `${path} says that file names are kept byte for byte, but this filesystem takes some names for the same`,
      { remedy: "Copy the values into a new, empty directory through a store on each side." },
    );
  }
  return names;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Writes the layout unless another process is first; returns what is written then. */
async function proposeLayout(path: string, temporary: string, layout: Layout): Promise<string> {
  const proposal = join(temporary, randomUUID());
  await writeFile(proposal, layoutText(layout), { flag: "wx", flush: true });
  try {
    await link(proposal, path);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  } finally {
    await rm(proposal, { force: true });
  }
  await syncDirectory(dirname(path));
  return await readFile(path, "utf8");
}

function readLayout(text: string, path: string): Layout {
  for (const names of ["exact", "portable"] as const) {
    if (text === layoutText({ layout: 1, names })) return { layout: 1, names };
  }
  throw new FileStoreError("unsupported", `${path} does not describe a layout that this version knows`, {
    remedy: "Use the version of @holdpoint/core that wrote it; if the file is damaged, restore it.",
  });
}

function layoutText(layout: Layout): string {
  return `${JSON.stringify(layout)}\n`;
}

/** Removes what processes left behind that were killed while they wrote. The change time is one that nobody sets. */
async function removeOrphans(temporary: string): Promise<void> {
  for (const name of await readdir(temporary)) {
    const path = join(temporary, name);
    try {
      const { ctimeMs } = await lstat(path);
      if (Date.now() - ctimeMs > orphanAgeMs) await rm(path, { force: true });
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
  }
}
