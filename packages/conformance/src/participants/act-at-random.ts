import { CheckpointError } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";

import { bodyOf } from "../expect/body-of.ts";
import type { HistoryAction, HistoryOperation } from "../linearizability/history.ts";

/** What a participant of a recorded history did and saw. */
export interface RecordedHistory {
  readonly operations: readonly HistoryOperation[];
  /** Which value each version was seen with. */
  readonly versions: readonly (readonly [version: string, value: string])[];
}

interface ActAtRandomParameters {
  readonly key: string;
  readonly participant: string;
  readonly operations: number;
  readonly seed: number;
  readonly conditionalDelete: boolean;
}

/** Reads, writes and removes one key at random, and records each operation with the time it took. */
export async function actAtRandom(store: CheckpointStore, parameters: ActAtRandomParameters): Promise<RecordedHistory> {
  const { key, participant } = parameters;
  const random = randomNumbers(parameters.seed);
  const operations: HistoryOperation[] = [];
  const versions: [string, string][] = [];
  let last: { readonly version: string; readonly value: string } | undefined;

  const record = async (attempted: HistoryAction, work: () => Promise<HistoryAction>): Promise<void> => {
    // This clock is the same in all processes of a machine.
    const startedAt = process.hrtime.bigint();
    try {
      const action = await work();
      operations.push({ participant, startedAt, endedAt: process.hrtime.bigint(), action });
    } catch (error) {
      if (!CheckpointError.is(error)) throw error;
      if (error.code === "conflict") {
        operations.push({ participant, startedAt, endedAt: process.hrtime.bigint(), action: refused(attempted) });
      } else if (error.outcome !== "not-applied") {
        operations.push({ participant, startedAt, endedAt: undefined, action: attempted });
      }
    }
  };
  const put = async (
    value: string,
    condition: { readonly ifAbsent?: true; readonly ifVersion?: string },
  ): Promise<void> => {
    const { version } = await store.put(key, bodyOf(value), condition);
    last = { version, value };
    versions.push([version, value]);
  };

  for (let index = 0; index < parameters.operations; index += 1) {
    const value = `${participant}.${index}`;
    const known = last;
    const choice = random();
    if (choice < 0.35 || (known === undefined && choice > 0.7)) {
      await record({ kind: "get", found: null }, async () => {
        const found = await store.get(key);
        if (found === null) return { kind: "get", found: null };
        last = { version: found.version, value: Buffer.from(found.body).toString() };
        versions.push([last.version, last.value]);
        return { kind: "get", found: last.value };
      });
    } else if (choice < 0.5) {
      await record({ kind: "create", value, applied: true }, async () => {
        await put(value, { ifAbsent: true });
        return { kind: "create", value, applied: true };
      });
    } else if (choice < 0.6) {
      await record({ kind: "put", value }, async () => {
        await put(value, {});
        return { kind: "put", value };
      });
    } else if (choice < 0.7) {
      await record({ kind: "delete" }, async () => {
        await store.delete(key);
        return { kind: "delete" };
      });
    } else if (choice < 0.9 || !parameters.conditionalDelete) {
      const { version, value: expected } = known!;
      await record({ kind: "update", expected, value, applied: true }, async () => {
        await put(value, { ifVersion: version });
        return { kind: "update", expected, value, applied: true };
      });
    } else {
      const { version, value: expected } = known!;
      await record({ kind: "conditional delete", expected, end: "removed" }, async () => {
        const removed = await store.delete(key, { ifVersion: version });
        return { kind: "conditional delete", expected, end: removed ? "removed" : "nothing there" };
      });
    }
  }
  return { operations, versions };
}

function refused(action: HistoryAction): HistoryAction {
  switch (action.kind) {
    case "create":
    case "update":
      return { ...action, applied: false };
    case "conditional delete":
      return { ...action, end: "conflict" };
    case "get":
    case "put":
    case "delete":
      throw new Error(`a ${action.kind} without a condition was answered with a conflict`);
  }
}

/** Mulberry32: the same numbers for the same seed, so that a history can be run again. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
