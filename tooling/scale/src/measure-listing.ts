import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { CheckpointStore } from "@holdpoint/core";
import { openStore } from "@holdpoint/core";

import { liveBytes } from "../../load/src/live-bytes.ts";

/** What whoever lists holds in memory. */
export interface ListingFigures {
  readonly keys: number;
  readonly bytesPerKey: number;
}

const inFlight = 1_000;
const samples = 8;
/** Of which the first times of everything are not seen any more. */
const keys = 500_000;

/** Fills an empty store with very many empty values, lists their keys, and says what the listing held of each of them. */
export async function measureListing(storeUrl: string): Promise<ListingFigures> {
  await using store = await openStore(storeUrl);
  await fill(store, storeUrl);
  const before = liveBytes();
  let most = before;
  let listed = 0;
  for await (const _ of store.list()) {
    listed += 1;
    if (listed % Math.ceil(keys / samples) === 0) most = Math.max(most, liveBytes());
  }
  if (listed !== keys) throw new Error(`${listed} of ${keys} keys were listed.`);
  return { keys, bytesPerKey: Math.round((most - before) / keys) };
}

async function fill(store: CheckpointStore, storeUrl: string): Promise<void> {
  const directory = store.backend === "file" ? fileURLToPath(storeUrl) : undefined;
  if (directory !== undefined) await mkdir(join(directory, "paused"));
  // Files as another program would write them, without waiting for the disk each time.
  const write = async (key: string): Promise<unknown> =>
    directory === undefined
      ? await store.put(key, new Uint8Array(), { ifAbsent: true })
      : await writeFile(join(directory, key), "");
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < keys) {
      next += 1;
      await write(`paused/6f1c4b0e-task-${String(next).padStart(9, "0")}.json`);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
}
