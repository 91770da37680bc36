import type { CheckpointStore, OperationOptions } from "@holdpoint/core";
import { CheckpointError } from "@holdpoint/core";
import * as v from "valibot";

/** What stands beside a hold of what was sent of it: never in the hold, where a write would void somebody's claim. */
export interface SideRecord<Record> {
  readonly record: Record;
  readonly version: string;
}

/** Who is sending; made anew each time, and begins with who it is. */
export interface Sending {
  readonly claim: string;
}

/**
 * Reads a record; `undefined` where there is none.
 *
 * @param problem what is said of one that cannot be read, behind its key
 * @throws {CheckpointError} `corrupt` also for what is no record
 */
export async function readSideRecord<Schema extends v.GenericSchema>(
  store: CheckpointStore,
  key: string,
  schema: Schema,
  problem: string,
  options: OperationOptions,
): Promise<SideRecord<v.InferOutput<Schema>> | undefined> {
  const checkpoint = await store.get(key, options);
  if (checkpoint === null) return undefined;
  try {
    const record = v.parse(schema, JSON.parse(Buffer.from(checkpoint.body).toString()));
    return { record, version: checkpoint.version };
  } catch (cause) {
    throw new CheckpointError("corrupt", `What is stored at ${JSON.stringify(key)} ${problem}`, { cause });
  }
}

/**
 * Does something with one record of many, so that one that nobody can read keeps no other from being found; it is
 * reported, and `undefined` comes of it.
 */
export async function unlessCorrupt<Result>(
  report: (error: Error) => void,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!CheckpointError.is(error, "corrupt")) throw error;
    report(error);
    return undefined;
  }
}

/**
 * Stores a record, unless somebody has done so since it was read.
 *
 * @returns the new version; `undefined` if somebody has
 */
export async function writeSideRecord(
  store: CheckpointStore,
  key: string,
  record: object,
  ifVersion: string | undefined,
  options: OperationOptions,
): Promise<string | undefined> {
  const condition = ifVersion === undefined ? { ifAbsent: true } : { ifVersion };
  try {
    const body = new TextEncoder().encode(JSON.stringify(record));
    return (await store.put(key, body, { ...options, ...condition })).version;
  } catch (error) {
    if (CheckpointError.is(error, "conflict")) return undefined;
    throw error;
  }
}

/** Removes a record that nothing is left of to send. Where somebody has changed it meanwhile, they are left to. */
export async function removeSideRecord(
  store: CheckpointStore,
  key: string,
  ifVersion: string,
  options: OperationOptions,
): Promise<void> {
  try {
    await store.delete(key, { ...options, ...(store.capabilities.conditionalDelete ? { ifVersion } : {}) });
  } catch (error) {
    if (!CheckpointError.is(error, "conflict")) throw error;
  }
}
