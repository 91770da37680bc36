import { openStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { vi } from "vitest";

import { storesUnderTest, temporaryDirectory } from "../../../test/every-store.ts";

/** A store that the tests of this package run on. */
export interface StoreOfTests {
  readonly name: string;
  /** Whether its server could not be had. */
  readonly isMissing: boolean;
  /** What a URL of it needs of the environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** A place in it that nobody else uses. */
  place(): Promise<PlaceOfTests>;
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
    return { name, isMissing, environment, place: async () => await openPlace(store.url(), environment) };
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

async function openPlace(
  url: string,
  environment: Readonly<Record<string, string>>,
  directory?: AsyncDisposable,
): Promise<PlaceOfTests> {
  // Some credentials are looked up by an SDK itself, in processes of the tests too.
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const store = await openStore(url);
  return {
    url,
    store,
    [Symbol.asyncDispose]: async () => {
      await store.close();
      await directory?.[Symbol.asyncDispose]();
    },
  };
}
