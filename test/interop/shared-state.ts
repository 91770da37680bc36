import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";

import { openStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { Client } from "minio";
import type { BucketItem } from "minio";
import { vi } from "vitest";

import { storesUnderTest, temporaryDirectory } from "../every-store.ts";

/** Where both peers keep their documents: Python as files, ours through a store. */
interface SharedState extends AsyncDisposable {
  readonly store: CheckpointStore;
  /** The directory that Python has mounted. */
  readonly mount: string;
  /** Brings the mounted directory up to date before Python looks, as a state proxy does. */
  pull(): Promise<void>;
  /** Hands on what Python has written and removed. */
  push(): Promise<void>;
}

/** A kind of place that both peers can share. */
export interface Place {
  readonly name: string;
  readonly isThere: boolean;
  share(): Promise<SharedState>;
}

/** A directory that both have mounted. */
export const mountedDirectory: Place = {
  name: "file, on the mount",
  isThere: true,
  share: async () => {
    const directory = await temporaryDirectory();
    const store = await openStore(directory.url);
    return {
      store,
      mount: directory.path,
      pull: async () => {},
      push: async () => {},
      [Symbol.asyncDispose]: async () => {
        await store.close();
        await directory[Symbol.asyncDispose]();
      },
    };
  },
};

const buckets: readonly Place[] = storesUnderTest
  .filter(({ name }) => name === "s3" || name === "minio")
  .map((store) => ({
    name: `${store.name}, with the bucket mounted by a proxy`,
    isThere: !store.isMissing,
    share: async () => await shareBucket(store.address, store.url(), store.environment),
  }));

/** Every kind of place that the Python actors can be pointed at. */
export const places: readonly Place[] = [mountedDirectory, ...buckets];

async function shareBucket(
  address: string,
  storeUrl: string,
  environment: Readonly<Record<string, string>>,
): Promise<SharedState> {
  const { hostname, port, username, password } = new URL(address);
  const client = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey: username,
    secretKey: password,
  });
  const { bucket, prefix } = locationOf(storeUrl);
  const directory = await temporaryDirectory();
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const store = await openStore(storeUrl);
  const listed = async (): Promise<readonly string[]> => {
    const items = (await Array.fromAsync(client.listObjectsV2(bucket, prefix, true))) as BucketItem[];
    return items.map(({ name = "" }) => name.slice(prefix.length));
  };
  const seen = new Map<string, bigint>();
  return {
    store,
    mount: directory.path,
    pull: async () => {
      await rm(join(directory.path, "paused"), { recursive: true, force: true });
      seen.clear();
      for (const name of await listed()) {
        const path = join(directory.path, name);
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, await buffer(await client.getObject(bucket, prefix + name)));
        seen.set(name, (await stat(path, { bigint: true })).mtimeNs);
      }
    },
    push: async () => {
      const paths = await readdir(join(directory.path, "paused"), { recursive: true }).catch(() => []);
      const names = paths.map((path) => `paused/${path}`);
      for (const name of names) {
        const path = join(directory.path, name);
        if (seen.get(name) === (await stat(path, { bigint: true })).mtimeNs) continue;
        await client.putObject(bucket, prefix + name, await readFile(path));
      }
      for (const name of seen.keys()) if (!names.includes(name)) await client.removeObject(bucket, prefix + name);
    },
    [Symbol.asyncDispose]: async () => {
      await store.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** `s3://bucket/prefix` and `minio://host/bucket/prefix`. */
function locationOf(storeUrl: string): { readonly bucket: string; readonly prefix: string } {
  const { protocol, host, pathname } = new URL(storeUrl);
  const parts = [...(protocol === "s3:" ? [host] : []), ...pathname.split("/").filter((part) => part !== "")];
  const [bucket = "", ...prefix] = parts;
  return { bucket, prefix: `${prefix.join("/")}/` };
}
