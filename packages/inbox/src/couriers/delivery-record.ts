import { createHash } from "node:crypto";

import type { CheckpointStore, OperationOptions } from "@holdpoint/core";
import * as v from "valibot";

import type { SideRecord } from "../sending/side-record.ts";
import { readSideRecord, writeSideRecord } from "../sending/side-record.ts";

/** The prefix of all keys at which stands what was delivered. */
export const deliveryPrefix = "hold-deliveries/";

const problemSchema = v.object({ at: v.string(), why: v.string() });

const openSchema = v.object({
  id: v.string(),
  openedAt: v.string(),
  /** The hold's version when it was first seen decided. */
  version: v.string(),
  /** Since when it is tried. */
  since: v.string(),
  /** How often it was tried. */
  attempts: v.number(),
  /** What went wrong last. */
  problem: v.optional(problemSchema),
  /** Whether nobody tries it any more. */
  failed: v.optional(v.boolean()),
  /** Who had it tried again. */
  repeatedBy: v.optional(v.union([v.string(), v.object({ issuer: v.string(), subject: v.string() })])),
  sending: v.optional(v.object({ claim: v.string() })),
});

const doneSchema = v.object({ id: v.string(), openedAt: v.string(), at: v.string(), attempts: v.number() });

/** A delivery that was not taken yet. */
export type OpenRecord = v.InferOutput<typeof openSchema>;

/** A delivery that was taken. */
export type DoneRecord = v.InferOutput<typeof doneSchema>;

/** One decision that is to be delivered: the id of a hold may stand for another question later. */
export interface DeliveryName {
  readonly id: string;
  readonly openedAt: string;
}

/** What is decided under one name, in one text. */
export function textOf({ id, openedAt }: DeliveryName): string {
  return `${openedAt} ${id}`;
}

/**
 * Where a delivery stands: at `open` until it was taken, then at `done`, so that what a listing finds there need not be
 * read. An id may be as long as a key, so it is a digest here.
 */
export function deliveryKey(courier: string, stage: "open" | "done", name: DeliveryName): string {
  return `${deliveryPrefix}${courier}/${stage}/${digestOf(name)}.json`;
}

/** The key at which stands since when there is a courier. */
function sinceKey(courier: string): string {
  return `${deliveryPrefix}${courier}/since.json`;
}

/** What a key says of what stands there; `undefined` for what is no delivery. */
export function readDeliveryKey(
  key: string,
): { readonly courier: string; readonly stage: "open" | "done"; readonly digest: string } | undefined {
  const [, courier = "", stage, digest = ""] =
    /^hold-deliveries\/([^/]+)\/(open|done)\/([\da-f]{64})\.json$/u.exec(key) ?? [];
  return stage === "open" || stage === "done" ? { courier, stage, digest } : undefined;
}

/** A name as its keys have it. */
export function digestOf(name: DeliveryName): string {
  return createHash("sha256").update(textOf(name)).digest("hex");
}

/**
 * Reads a delivery that was not taken yet.
 *
 * @throws {CheckpointError} `corrupt` also for what is no record
 */
export async function readOpen(
  store: CheckpointStore,
  key: string,
  options: OperationOptions,
): Promise<SideRecord<OpenRecord> | undefined> {
  const problem = "does not say what is to be delivered. Remove it, and it is delivered anew.";
  return await readSideRecord(store, key, openSchema, problem, options);
}

/**
 * Reads a delivery that was taken.
 *
 * @throws {CheckpointError} `corrupt` also for what is no record
 */
export async function readDone(
  store: CheckpointStore,
  key: string,
  options: OperationOptions,
): Promise<SideRecord<DoneRecord> | undefined> {
  const problem = "does not say what was delivered. Remove it, and it is delivered again.";
  return await readSideRecord(store, key, doneSchema, problem, options);
}

// Whoever decides may have a clock that is a little behind.
const clocksMs = 600_000;

/**
 * Since when what is decided is delivered, by the first inbox that had the courier: what was decided before is not.
 *
 * @throws {CheckpointError} what the store throws
 */
export async function deliversSince(
  store: CheckpointStore,
  courier: string,
  now: Date,
  options: OperationOptions,
): Promise<Date> {
  const key = sinceKey(courier);
  const read = async (): Promise<Date | undefined> => {
    const problem = "does not say since when there is a courier. Remove it, and it is from now on.";
    const stored = await readSideRecord(store, key, v.object({ since: v.string() }), problem, options);
    return stored && new Date(stored.record.since);
  };
  const since = await read();
  if (since !== undefined) return since;
  const first = new Date(now.getTime() - clocksMs);
  const version = await writeSideRecord(store, key, { since: first.toISOString() }, undefined, options);
  return version === undefined ? ((await read()) ?? first) : first;
}
