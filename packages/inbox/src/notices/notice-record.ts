import { createHash } from "node:crypto";

import type { CheckpointStore, OperationOptions } from "@holdpoint/core";
import * as v from "valibot";

import type { SideRecord } from "../sending/side-record.ts";
import { readSideRecord } from "../sending/side-record.ts";
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
export async function readNoticeRecord(
  store: CheckpointStore,
  key: string,
  options: OperationOptions,
): Promise<SideRecord<NoticeRecord> | undefined> {
  const problem = "does not say who was told of what. Remove it, and it is told anew.";
  return await readSideRecord(store, key, recordSchema, problem, options);
}
