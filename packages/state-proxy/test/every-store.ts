import { createMemoryStore, openStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { vi } from "vitest";

import { storesUnderTest, temporaryDirectory } from "../../../test/every-store.ts";
import { pythonIsMissing } from "./python-mount.ts";

/** A store of a kind, in a place that a test has for itself. */
export interface StoreKind {
  readonly name: string;
  readonly isMissing: boolean;
  /** What a process needs of the environment that opens a place. */
  readonly environment: Readonly<Record<string, string>>;
  /** Opens one place as often as it is asked; `place` is one of {@link StoreKind.place}. */
  readonly open: (place: string) => Promise<CheckpointStore>;
  /** A place that nobody else uses. */
  readonly place: () => Promise<string>;
}

const directories: (AsyncDisposable & { readonly url: string })[] = [];

/** Removes what the tests' places have left on this disk. */
export async function removePlaces(): Promise<void> {
  for (const directory of directories.splice(0)) await directory[Symbol.asyncDispose]();
}

/** The stores that several connectors can share. */
export const sharedStores: readonly StoreKind[] = [
  {
    name: "file",
    isMissing: pythonIsMissing,
    environment: {},
    open: (place) => openStore(place),
    place: async () => {
      const directory = await temporaryDirectory();
      directories.push(directory);
      return directory.url;
    },
  },
  ...storesUnderTest
    .filter(({ name }) => name !== "redis (cluster)")
    .map((store) => ({
      name: store.name,
      isMissing: store.isMissing || pythonIsMissing,
      environment: store.environment,
      open: (place: string) => {
        // Some SDKs look for credentials there and nowhere else.
        for (const [variable, value] of Object.entries(store.environment)) vi.stubEnv(variable, value);
        return openStore(place);
      },
      place: async () => store.url(),
    })),
];

/** All stores, that of one process included. */
export const everyStore: readonly StoreKind[] = [
  {
    name: "memory",
    isMissing: pythonIsMissing,
    environment: {},
    open: () => createMemoryStore(),
    place: async () => "memory:",
  },
  ...sharedStores,
];
