import { types } from "node:util";

import type { Checkpoint, CheckpointStore } from "@holdpoint/core";

import { fail } from "./fail.ts";

/** Reads a key that must hold exactly these bytes, and returns what was read. */
export async function expectStored(store: CheckpointStore, key: string, body: Uint8Array): Promise<Checkpoint> {
  const found = await store.get(key);
  if (found === null) throw fail(`get ${JSON.stringify(key)} must find ${body.byteLength} bytes; it found nothing`);
  if (found.key !== key) throw fail(`get ${JSON.stringify(key)} returned the key ${JSON.stringify(found.key)}`);
  expectSameBytes(`get ${JSON.stringify(key)}`, found.body, body);
  return found;
}

/** Reads a key under which there must be nothing. */
export async function expectMissing(store: CheckpointStore, key: string): Promise<void> {
  const found = await store.get(key);
  if (found === null) return;
  throw fail(`get ${JSON.stringify(key)} must find nothing; it found ${found.body.byteLength} bytes`);
}

/** Compares without printing megabytes. */
export function expectSameBytes(what: string, found: Uint8Array, expected: Uint8Array): void {
  if (!types.isUint8Array(found)) throw fail(`${what} must return a Uint8Array`);
  if (Buffer.compare(found, expected) === 0) return;
  let at = 0;
  while (at < found.byteLength && found[at] === expected[at]) at += 1;
  throw fail(
    `${what} must return the ${expected.byteLength} bytes that were stored; it returned ${found.byteLength} bytes that differ from byte ${at}: ` +
      `expected ${excerpt(expected, at)}, found ${excerpt(found, at)}`,
  );
}

function excerpt(bytes: Uint8Array, from: number): string {
  const shown = bytes.subarray(from, from + 12);
  return shown.byteLength === 0 ? "the end" : Buffer.from(shown).toString("hex");
}
