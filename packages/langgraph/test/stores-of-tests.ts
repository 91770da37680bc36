import { startFaultProxy } from "@holdpoint/conformance";
import { openStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { vi } from "vitest";

import { storesUnderTest, temporaryDirectory } from "../../../test/every-store.ts";
import type { StoreUnderTest } from "../../../test/every-store.ts";

/** A store that the tests of this package run on. */
export interface StoreOfTests {
  readonly name: string;
  /** Whether its server could not be had. */
  readonly isMissing: boolean;
  /** What a URL of it needs of the environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** A place in it that nobody else uses. */
  readonly place: () => Promise<PlaceOfTests>;
  /** The same through a proxy that loses every third answer to a write. @default there is no connection to stand in */
  readonly placeWithLostAnswers?: (() => Promise<PlaceOfTests>) | undefined;
}

export interface PlaceOfTests extends AsyncDisposable {
  readonly url: string;
  readonly store: CheckpointStore;
}

// Set by `vitest --mode`.
const { MODE: mode } = process.env;

/** Whether these are the long runs of `pnpm test:langgraph`, on every store. */
export const isWhole: boolean = mode === "whole";

/** Files, and all servers. */
const shareable: readonly StoreOfTests[] = [
  {
    name: "file",
    isMissing: false,
    environment: {},
    place: async () => {
      const directory = await temporaryDirectory();
      return await openPlace(directory.url, {}, directory);
    },
  },
  ...storesUnderTest.map((store): StoreOfTests => {
    const { name, isMissing, environment } = store;
    return {
      name,
      isMissing,
      environment,
      place: async () => await openPlace(store.url(), environment),
      // A cluster's members tell clients their own addresses, so that what is asked there would not pass a proxy.
      placeWithLostAnswers: name === "redis (cluster)" ? undefined : async () => await openWithLostAnswers(store),
    };
  }),
];

/** Stores of which processes can share a place. */
export function shareableStores(...names: readonly string[]): readonly StoreOfTests[] {
  return isWhole ? shareable : shareable.filter(({ name }) => names.includes(name));
}

/** All stores in the long run, otherwise one of each kind: memory, files, a server that lists, and one that streams. */
export const storesOfTests: readonly StoreOfTests[] = [
  { name: "memory", isMissing: false, environment: {}, place: async () => await openPlace("memory:", {}) },
  ...shareableStores("file", "redis", "nats"),
];

async function openWithLostAnswers(store: StoreUnderTest): Promise<PlaceOfTests> {
  const proxy = await startFaultProxy({ target: store.address, protocol: store.protocol });
  const place = await openPlace(
    store.url(proxy.address),
    { ...store.environment, STORAGE_EMULATOR_HOST: proxy.address },
    proxy,
  );
  let writes = 0;
  proxy.choose((request) =>
    request === "write" && (writes += 1) % 3 === 0 ? { fault: "cut-after-commit" } : undefined,
  );
  return place;
}

async function openPlace(
  url: string,
  environment: Readonly<Record<string, string>>,
  below?: AsyncDisposable,
): Promise<PlaceOfTests> {
  // Some credentials are looked up by an SDK itself, in processes of the tests too.
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const store = await openStore(url);
  return {
    url,
    store,
    [Symbol.asyncDispose]: async () => {
      await store.close();
      await below?.[Symbol.asyncDispose]();
    },
  };
}
