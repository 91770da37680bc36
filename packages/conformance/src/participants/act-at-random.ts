import { setTimeout as sleep } from "node:timers/promises";

import { CheckpointError } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";

import { bodyOf } from "../expect/body-of.ts";
import { createRandom } from "../faults/create-random.ts";
import type { HistoryAction, RecordedOperation, SeenValue } from "../linearizability/history.ts";
import { sharedClock } from "./shared-clock.ts";

/** What a participant of a history does. */
export interface ActAtRandomParameters {
  readonly keys: readonly string[];
  readonly participant: string;
  readonly operations: number;
  readonly seed: number;
  readonly conditionalDelete: boolean;
  /** Deadline of each operation. */
  readonly timeoutMs?: number | undefined;
  /** The longest time between two operations. @default 0 */
  readonly thinkMs?: number | undefined;
  /** After this, no operation is begun. */
  readonly atMostMs?: number | undefined;
}

type Action = HistoryAction<SeenValue>;

/** Reads, writes and removes a few keys at random, and records each operation with the time it took. */
export async function actAtRandom(
  store: CheckpointStore,
  {
    keys,
    participant,
    operations,
    seed,
    conditionalDelete,
    timeoutMs,
    thinkMs = 0,
    atMostMs = Infinity,
  }: ActAtRandomParameters,
): Promise<readonly RecordedOperation[]> {
  const random = createRandom(seed);
  const recorded: RecordedOperation[] = [];
  const lastSeen = new Map<string, SeenValue & { readonly version: string }>();
  const stopAt = performance.now() + atMostMs;

  const perform = async (key: string, attempted: Action): Promise<Action> => {
    const see = (value: string, version: string): SeenValue => {
      const seen = { value, version };
      lastSeen.set(key, seen);
      return seen;
    };
    const put = async (
      { value }: SeenValue,
      condition: { ifAbsent?: true; ifVersion?: string | undefined },
    ): Promise<SeenValue> => see(value, (await store.put(key, bodyOf(value), { ...condition, timeoutMs })).version);
    switch (attempted.kind) {
      case "get": {
        const found = await store.get(key, { timeoutMs });
        return { kind: "get", found: found === null ? null : see(Buffer.from(found.body).toString(), found.version) };
      }
      case "put":
        return { ...attempted, value: await put(attempted.value, {}) };
      case "create":
        return { ...attempted, value: await put(attempted.value, { ifAbsent: true }) };
      case "update":
        return { ...attempted, value: await put(attempted.value, { ifVersion: attempted.expected.version }) };
      case "delete":
        await store.delete(key, { timeoutMs });
        return attempted;
      case "conditional delete": {
        const removed = await store.delete(key, { ifVersion: attempted.expected.version, timeoutMs });
        return { ...attempted, end: removed ? "removed" : "nothing there" };
      }
    }
  };

  const choose = (key: string, value: SeenValue): Action => {
    const expected = lastSeen.get(key);
    const choice = random();
    if (choice < 0.35 || (expected === undefined && choice >= 0.7)) return { kind: "get", found: null };
    if (choice < 0.5) return { kind: "create", value, applied: true };
    if (choice < 0.6) return { kind: "put", value };
    if (choice < 0.7 || expected === undefined) return { kind: "delete" };
    if (choice < 0.9 || !conditionalDelete) return { kind: "update", expected, value, applied: true };
    return { kind: "conditional delete", expected, end: "removed" };
  };

  for (let index = 0; index < operations && performance.now() < stopAt; index += 1) {
    if (thinkMs > 0) await sleep(random() * thinkMs);
    const key = keys[Math.floor(random() * keys.length)] ?? "";
    const attempted = choose(key, { value: `${participant}.${index}` });
    const startedAt = sharedClock.now();
    const record = (action: Action, endedAt: bigint | undefined, hasFailed = false): void => {
      recorded.push({ key, participant, startedAt, endedAt, action, hasFailed });
    };
    try {
      record(await perform(key, attempted), sharedClock.atLatest());
    } catch (error) {
      if (!CheckpointError.is(error)) throw error;
      if (attempted.kind === "get") continue;
      if (error.code === "conflict") {
        record(refused(attempted), sharedClock.atLatest());
        lastSeen.delete(key);
      } else if (error.outcome === "not-applied") {
        record(attempted, sharedClock.atLatest(), true);
      } else {
        record(attempted, undefined);
      }
    }
  }
  return recorded;
}

function refused(action: Action): Action {
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
