import { randomUUID } from "node:crypto";
import { link, open, readFile, readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

import { FileStoreError, errnoOf } from "./file-error.ts";
import type { FileNames } from "./file-key.ts";
import type { DirectoryPlace } from "./make-directory.ts";
import { syncDescriptor, syncDirectory } from "./sync-directory.ts";

/** How the files are laid out, written once for all processes: two that differ would not see each other's values. */
interface Layout {
  readonly layout: 1;
  readonly names: FileNames;
}

/**
 * How files are named in a directory: as the first process found right for the filesystem, and wrote down in the file
 * `path`. Throws if that does not suit the filesystem as this process sees it.
 */
export async function agreeOnNames(path: string, place: DirectoryPlace): Promise<FileNames> {
  const probed = await probeNames(place);
  const text = (await readIfThere(path)) ?? (await proposeLayout(path, place, { layout: 1, names: probed }));
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

/** How files are named in a directory, as its `path` says; `undefined` if nobody has written that down. Changes nothing. */
export async function readNames(path: string): Promise<FileNames | undefined> {
  const text = await readIfThere(path);
  return text === undefined ? undefined : readLayout(text, path).names;
}

/** Finds out whether the filesystem keeps names byte for byte, by making one and looking for others that are near it. */
async function probeNames({ temporary, owner }: DirectoryPlace): Promise<FileNames> {
  const stem = randomUUID();
  const composed = `${stem}-a\u00e9`;
  const path = join(temporary, composed);
  try {
    await writeNew(path, "", owner);
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

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Writes the layout unless another process is first; returns what is written then. */
async function proposeLayout(path: string, { temporary, owner }: DirectoryPlace, layout: Layout): Promise<string> {
  const proposal = join(temporary, randomUUID());
  await writeNew(proposal, layoutText(layout), owner);
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

async function writeNew(path: string, text: string, owner: DirectoryPlace["owner"]): Promise<void> {
  const handle = await open(path, "wx");
  try {
    owner?.give(handle.fd);
    await handle.writeFile(text);
    await syncDescriptor(handle.fd);
  } finally {
    await handle.close();
  }
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
