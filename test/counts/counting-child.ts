/** Works on a store in a process of its own, and prints what it was asked to count as JSON. */
import { EventEmitter } from "node:events";
import fs from "node:fs";
import { open } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

import { processMemory } from "../../tooling/servers/src/process-memory.ts";

const [what = "", url = "", sizeText = "0"] = process.argv.slice(2);
const sizeBytes = Number(sizeText);

if (what === "fsyncs") console.log(JSON.stringify(await countSyncs()));
else console.log(JSON.stringify(await measureMemory()));
process.exit();

/** How often the disk was waited for: in each of some writes one by one, in as many at once, in a read and in a deletion. */
async function countSyncs(): Promise<object> {
  const count = await watchSyncs();
  // Only now, so that the store uses the functions that are watched.
  const { openStore } = await import("@holdpoint/core");
  await using store = await openStore(url);
  const body = new Uint8Array(1_024);
  await store.put("counted/first", body);
  const single: number[] = [];
  for (let index = 0; index < 21; index += 1) {
    single.push(await count(() => store.put(`counted/single-${index}`, body, { ifAbsent: true })));
  }
  const together = await count(() =>
    Promise.all(Array.from({ length: 16 }, (_, index) => store.put(`counted/together-${index}`, body))),
  );
  const read = await count(() => store.get("counted/first"));
  const deleted = await count(() => store.delete("counted/first"));
  return { single, together, read, deleted };
}

/** Counts calls of fsync and fdatasync, in all of the forms that Node offers. */
async function watchSyncs(): Promise<(work: () => Promise<unknown>) => Promise<number>> {
  const events = new EventEmitter();
  let calls = 0;
  events.on("sync", () => (calls += 1));
  const watch = (object: object, name: string): void => {
    const original: unknown = Reflect.get(object, name);
    if (typeof original !== "function") throw new Error(`there is no ${name}`);
    Reflect.set(object, name, function watched(this: unknown, ...parameters: unknown[]): unknown {
      events.emit("sync");
      return Reflect.apply(original, this, parameters);
    });
  };
  for (const name of ["fsync", "fsyncSync", "fdatasync", "fdatasyncSync"]) watch(fs, name);
  const handle = await open(process.execPath);
  const prototype = Object.getPrototypeOf(handle) as object;
  await handle.close();
  for (const name of ["sync", "datasync"]) watch(prototype, name);
  syncBuiltinESMExports();
  return async (work) => {
    calls = 0;
    await work();
    return calls;
  };
}

/**
 * By how much the largest memory of the process grows with a large put and with a large get, the body included, and with
 * a get that wants no large body.
 */
async function measureMemory(): Promise<object> {
  const { CheckpointError, openStore } = await import("@holdpoint/core");
  await using store = await openStore(url);
  // What is loaded and allocated once is not the body's.
  const { version } = await store.put("large", new Uint8Array(1_024));
  await store.get("large");
  const before = peakBytes();
  if (what === "put") {
    await store.put("large", new Uint8Array(sizeBytes).fill(120), { ifVersion: version });
  } else if (what === "look") {
    const told: unknown = await store.get("prepared", { maxBytes: 256 * 1_024 }).catch((error: unknown) => error);
    if (!CheckpointError.is(told, "too-large") || told.sizeBytes !== sizeBytes || told.version === undefined)
      throw new Error("it was not told");
  } else {
    const found = await store.get("prepared");
    if (found?.body.byteLength !== sizeBytes) throw new Error("it was not read whole");
  }
  return { grownBytes: peakBytes() - before };
}

function peakBytes(): number {
  return process.platform === "linux" ? processMemory().peakBytes : process.resourceUsage().maxRSS * 1_024;
}
