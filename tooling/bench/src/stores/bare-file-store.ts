import { randomUUID } from "node:crypto";
import { link, mkdir, open, readdir, readFile, rename, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";

import type { PlainStore } from "../plain-store.ts";

/**
 * The limit for files: a durable write in plain Node. A temporary file, fsync, link or rename, fsync of the directory.
 * It compares nothing, so that an update replaces whatever is there.
 */
export async function createBareFileStore(name: string, directory: string): Promise<PlainStore> {
  const temporary = join(directory, "tmp");
  await mkdir(temporary, { recursive: true });
  for (const folder of ["paused", "listed"]) await mkdir(join(directory, folder), { recursive: true });

  const write = async (bytes: Uint8Array): Promise<string> => {
    const path = join(temporary, randomUUID());
    const file = await open(path, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    return path;
  };
  return {
    name,
    lacks: "",
    create: async (key, { bytes }) => {
      const target = join(directory, key);
      const path = await write(bytes);
      await link(path, target);
      await syncDirectory(dirname(target));
      await unlink(path);
      return "";
    },
    read: async (key) => ({ content: await readFile(join(directory, key)), version: "" }),
    update: async (key, { bytes }) => {
      const target = join(directory, key);
      await rename(await write(bytes), target);
      await syncDirectory(dirname(target));
    },
    remove: (key) => unlink(join(directory, key)),
    // With each file's size and time, as a listing of a store has them.
    list: async (prefix) => {
      const names = await readdir(join(directory, prefix));
      await Promise.all(names.map((each) => stat(join(directory, prefix, each))));
      return names.length;
    },
    close: async () => undefined,
  };
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
