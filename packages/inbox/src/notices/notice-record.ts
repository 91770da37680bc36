import { createHash } from "node:crypto";

import type { CheckpointStore, OperationOptions } from "@holdpoint/core";
import { CheckpointError } from "@holdpoint/core";
import * as v from "valibot";

import type { SubjectName } from "./notice-subject.ts";
import { noticeKinds } from "./notice-target.ts";

/** The prefix of all keys at which stands who was told of what. */
export const noticePrefix = "hold-notices/";

const recordSchema = v.object({
  kind: v.picklist(["hold", "task"]),
  id: v.string(),
  /** What tells the question from an earlier one under the same id. */
  occasion: v.string(),
  told: v.array(v.picklist(noticeKinds)),
  /** What somebody is telling; `claim` is made anew each time, and begins with who it is. */
  sending: v.optional(v.object({ notice: v.picklist(noticeKinds), claim: v.string() })),
});

/** What one target was told of one question. */
export type NoticeRecord = v.InferOutput<typeof recordSchema>;

/** A record as it is stored. */
export interface StoredRecord {
  readonly record: NoticeRecord;
  readonly version: string;
}

/** Where it stands what one target was told of a hold or task. An id may be as long as a key, so it is a digest here. */
export function noticeKey(target: string, { kind, id }: SubjectName): string {
  return `${noticePrefix}${target}/${createHash("sha256").update(`${kind} ${id}`).digest("hex")}.json`;
}

/** The target of a record's key. */
export function targetOfKey(key: string): string {
  return key.slice(noticePrefix.length, key.indexOf("/", noticePrefix.length));
}

/**
 * Reads what was told; `undefined` where nothing was.
 *
 * @throws {CheckpointError} `corrupt` also for what is no record
 */
export async function readRecord(
  store: CheckpointStore,
  key: string,
  options: OperationOptions,
): Promise<StoredRecord | undefined> {
  const checkpoint = await store.get(key, options);
  if (checkpoint === null) return undefined;
  try {
    const record = v.parse(recordSchema, JSON.parse(Buffer.from(checkpoint.body).toString()));
    return { record, version: checkpoint.version };
  } catch (cause) {
    throw new CheckpointError(
      "corrupt",
      `What is stored at ${JSON.stringify(key)} does not say who was told of what. Remove it, and it is told anew.`,
      { cause },
    );
  }
}

/**
 * Stores what was told, unless somebody has done so since it was read.
 *
 * @returns the new version; `undefined` if somebody has
 */
export async function writeRecord(
  store: CheckpointStore,
  key: string,
  record: NoticeRecord,
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

/** Removes a record of which nothing is left to tell. Where somebody has changed it meanwhile, they are left to. */
export async function removeRecord(
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
