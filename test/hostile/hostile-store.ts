import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import type { PauseLedger } from "@holdpoint/asya";
import type { CheckpointStore, OpenStoreOptions } from "@holdpoint/core";
import { createPauseLedger } from "@holdpoint/asya";
import { openStore } from "@holdpoint/core";
import { vi } from "vitest";

import type { StoreUnderTest } from "../every-store.ts";
import { storesUnderTest, temporaryDirectory } from "../every-store.ts";

/** A store inside of another one, so that whatever leaves it is seen. */
export interface HostileStore extends AsyncDisposable {
  readonly store: CheckpointStore;
  readonly ledger: PauseLedger;
  /** A store whose keys are those of {@link store} after {@link innerPrefix}, and whatever stands beside them. */
  readonly outer: CheckpointStore;
}

/** What keys of the inner store begin with when the outer one lists them. */
export const innerPrefix = "inner/";

/** Every store, with a name for tests and what opens it; it cannot be opened where its server could not be had. */
export const hostileStores: readonly {
  readonly name: string;
  readonly isMissing: boolean;
  readonly open: (options?: OpenStoreOptions) => Promise<HostileStore>;
}[] = [
  ...storesUnderTest.map((under) => ({
    name: under.name,
    isMissing: under.isMissing,
    open: (options?: OpenStoreOptions) => openServed(under, options),
  })),
  { name: "file", isMissing: false, open: openFile },
];

async function openServed(under: StoreUnderTest, options?: OpenStoreOptions): Promise<HostileStore> {
  for (const [name, value] of Object.entries(under.environment)) vi.stubEnv(name, value);
  const outerUrl = new URL(under.url());
  const innerUrl = new URL(outerUrl);
  const isPath = /^(?:s3|gs|minio):$/u.test(outerUrl.protocol);
  if (isPath) innerUrl.pathname += "/inner";
  else innerUrl.searchParams.set("prefix", `${outerUrl.searchParams.get("prefix")}${innerPrefix}`);
  return await openBoth(outerUrl, innerUrl, async () => void vi.unstubAllEnvs(), options);
}

async function openFile(options?: OpenStoreOptions): Promise<HostileStore> {
  const directory = await temporaryDirectory();
  await mkdir(join(directory.path, innerPrefix));
  const clean = (): Promise<void> => directory[Symbol.asyncDispose]() as Promise<void>;
  return await openBoth(new URL(directory.url), new URL(`${directory.url}/inner`), clean, options);
}

async function openBoth(
  outerUrl: URL,
  innerUrl: URL,
  clean: () => Promise<void>,
  options?: OpenStoreOptions,
): Promise<HostileStore> {
  const outer = await openStore(outerUrl, options);
  const store = await openStore(innerUrl, options);
  return {
    store,
    outer,
    ledger: createPauseLedger(store),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([store.close(), outer.close()]);
      await clean();
    },
  };
}
