import { mkdir, mkdtemp, rm, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createFileStore } from "@holdpoint/core";
import { createStorage } from "unstorage";
import fsDriver from "unstorage/drivers/fs-lite";
import writeFileAtomic from "write-file-atomic";

import { holdpointName, limitName } from "../contestant.ts";
import type { PlainStore } from "../plain-store.ts";
import { holdpointStore } from "../plain-store.ts";
import { createBareFileStore } from "./bare-file-store.ts";
import { closeAll } from "./bench-server.ts";
import type { BackendUnderTest } from "./bench-server.ts";

/** The file store, on the filesystem that the system's temporary directory is on. */
export async function openFileBench(): Promise<BackendUnderTest> {
  const root = await mkdtemp(join(tmpdir(), "holdpoint-bench-"));
  const directory = async (name: string): Promise<string> => {
    const path = join(root, name);
    await mkdir(join(path, "paused"), { recursive: true });
    return path;
  };
  const ours = await directory("holdpoint");
  const store = await createFileStore({ directory: ours });
  const contestants = [
    await createBareFileStore(limitName, await directory("bare")),
    holdpointStore(holdpointName, store),
    createUnstorageFiles(await directory("unstorage")),
    createAtomicFiles(await directory("write-file-atomic")),
  ];
  return {
    name: "file",
    server: "the filesystem of the temporary directory",
    store,
    contestants,
    url: ours,
    address: "",
    environment: {},
    [Symbol.asyncDispose]: async () => {
      await closeAll(contestants);
      await rm(root, { recursive: true, force: true });
    },
  };
}

function createUnstorageFiles(base: string): PlainStore {
  const storage = createStorage({ driver: fsDriver({ base }) });
  const write = async (key: string, bytes: Uint8Array): Promise<string> => {
    await storage.setItemRaw(key, bytes);
    return "";
  };
  return {
    name: "unstorage",
    lacks: "no condition, no fsync, writes in place: a crash leaves half a file",
    create: (key, { bytes }) => write(key, bytes),
    read: async (key) => ({ content: (await storage.getItemRaw<Uint8Array>(key)) ?? "", version: "" }),
    update: (key, { bytes }) => write(key, bytes),
    remove: (key) => storage.removeItem(key),
    list: async (prefix) => (await storage.getKeys(prefix)).length,
    close: () => storage.dispose(),
  };
}

function createAtomicFiles(base: string): PlainStore {
  const write = async (key: string, bytes: Uint8Array): Promise<string> => {
    await writeFileAtomic(join(base, key), bytes as Buffer);
    return "";
  };
  return {
    name: "write-file-atomic",
    lacks: "no condition, no fsync of the directory; writes only",
    create: (key, { bytes }) => write(key, bytes),
    update: (key, { bytes }) => write(key, bytes),
    remove: (key) => unlink(join(base, key)),
    close: async () => undefined,
  };
}
