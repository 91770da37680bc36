import type { Dir, Dirent } from "node:fs";
import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";

import type { ListContext } from "../../store/checkpoint-driver.ts";
import type { CheckpointEntry, DirectoryEntry } from "../../store/checkpoint-store.ts";
import { directoryEntry } from "../../store/directory-entry.ts";
import { errnoOf } from "./file-error.ts";
import { unescapeDirectory, unescapeKey } from "./file-key.ts";
import { fileVersion } from "./file-version.ts";
import type { StateDirectory } from "./state-directory.ts";

// As many as Node's thread pool keeps busy, without a promise for each file of a large directory.
const statsAtOnce = 32;

// Node makes an object of each name that it reads, much larger than the name.
const namesAtOnce = 1_000;

// Should new names turn up each time, then because somebody makes them as quickly.
const mostReadings = 8;

/**
 * Lists the values whose keys start with a prefix, one directory after the other. Sizes, times and versions are the files'
 * own, and cost a look at each; whoever wants keys alone pays for none.
 */
export async function* listValues(
  directory: StateDirectory,
  prefix: string,
  { signal, versions }: ListContext,
  inside = "",
): AsyncGenerator<readonly CheckpointEntry[]> {
  // Names alone: a directory may have very many, and this is all of it that is held while it is listed.
  const files: string[] = [];
  const directories: string[] = [];
  for (const [name, isFile] of yield* readEntries(join(directory.root, inside))) {
    const path = inside + name;
    if (isFile) {
      if (unescapeKey(path, directory.names)?.startsWith(prefix) === true) files.push(name);
    } else {
      const start = unescapeDirectory(`${path}/`);
      if (start !== undefined && (start.startsWith(prefix) || prefix.startsWith(start))) directories.push(`${path}/`);
    }
  }
  const pageSize = versions ? statsAtOnce : namesAtOnce;
  for (let index = 0; index < files.length; index += pageSize) {
    signal.throwIfAborted();
    const page = files.slice(index, index + pageSize).flatMap((name) => {
      const key = unescapeKey(inside + name, directory.names);
      return key === undefined ? [] : [{ key, name }];
    });
    if (!versions) {
      yield page.map(({ key }) => ({ key }));
      continue;
    }
    const found = await Promise.all(page.map(({ key, name }) => describe(key, join(directory.root, inside, name))));
    yield found.filter((entry) => entry !== undefined);
  }
  for (const path of directories) yield* listValues(directory, prefix, { signal, versions }, path);
}

/** Lists what is directly under a prefix, and of directories in it only whether there is a value in them. */
export async function* listDirectoryValues(
  directory: StateDirectory,
  prefix: string,
  signal: AbortSignal,
  inside = "",
): AsyncGenerator<readonly DirectoryEntry[]> {
  const entries: DirectoryEntry[] = [];
  const onTheWay: string[] = [];
  for (const [name, isFile] of yield* readEntries(join(directory.root, inside))) {
    const path = inside + name;
    const start = isFile ? unescapeKey(path, directory.names) : unescapeDirectory(`${path}/`);
    if (start === undefined) continue;
    if (start.startsWith(prefix) && (isFile || start.includes("/", prefix.length))) {
      if (isFile || (await hasValue(directory, `${path}/`, signal))) entries.push(directoryEntry(start, prefix));
    } else if (!isFile && (start.startsWith(prefix) || prefix.startsWith(start))) onTheWay.push(`${path}/`);
  }
  yield entries;
  for (const path of onTheWay) yield* listDirectoryValues(directory, prefix, signal, path);
}

async function hasValue(directory: StateDirectory, inside: string, signal: AbortSignal): Promise<boolean> {
  const context = { signal, versions: false };
  for await (const page of listValues(directory, "", context, inside)) if (page.length > 0) return true;
  return false;
}

/**
 * Everything in a directory, read until nothing new turns up. On btrfs and tmpfs a file that is replaced moves within its
 * directory, so that a single reading, and all the more one that stops between pages, misses files that were there all
 * the time. Yields an empty page for each part that was read: a million names take longer than a page may take.
 */
async function* readEntries(
  path: string,
): AsyncGenerator<readonly never[], Iterable<readonly [name: string, isFile: boolean]>> {
  const entries = new Map<string, boolean>();
  for (let reading = 1; reading <= mostReadings; reading += 1) {
    const known = entries.size;
    let directory: Dir | undefined;
    try {
      directory = await opendir(path, { bufferSize: namesAtOnce });
      for (let part = await readPart(directory); part.length > 0; part = await readPart(directory)) {
        for (const entry of part) if (entry.isFile() || entry.isDirectory()) entries.set(entry.name, entry.isFile());
        if (part.length === namesAtOnce) yield [];
      }
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    } finally {
      await directory?.close();
    }
    if (entries.size === known) break;
  }
  return entries;
}

/** The next names of a directory; none at its end. With a promise for all of them, rather than one for each. */
async function readPart(directory: Dir): Promise<readonly Dirent[]> {
  return await new Promise((resolve, reject) => {
    const part: Dirent[] = [];
    const take = (error: Error | null, entry: Dirent | null): void => {
      if (error !== null) reject(error);
      else if (entry === null || part.push(entry) === namesAtOnce) resolve(part);
      else directory.read(take);
    };
    directory.read(take);
  });
}

/** `undefined` if the file was removed meanwhile. */
async function describe(key: string, path: string): Promise<CheckpointEntry | undefined> {
  try {
    const stats = await lstat(path, { bigint: true });
    if (!stats.isFile()) return undefined;
    return { key, sizeBytes: Number(stats.size), modifiedAt: stats.mtime, version: fileVersion(stats) };
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
