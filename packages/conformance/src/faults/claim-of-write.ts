import { CheckpointError } from "@holdpoint/core";
import type { CheckpointStore, DeleteOptions, OperationOptions } from "@holdpoint/core";

import { bodyOf } from "../expect/body-of.ts";
import { fail } from "../expect/fail.ts";

/** What a store says about a write: that it was applied, that its condition did not hold, or what its error's outcome is. */
type Claim = "applied" | "conflict" | "not-applied" | "unknown";

/** How a write ended. */
export interface ClaimedWrite {
  readonly claim: Claim;
  readonly error?: CheckpointError | undefined;
}

/** Waits for a write, which must end as the portable store promises: resolved, in a conflict, or with an outcome. */
export async function claimOf(what: string, write: Promise<unknown>): Promise<ClaimedWrite> {
  try {
    await write;
    return { claim: "applied" };
  } catch (error) {
    if (!CheckpointError.is(error)) throw fail(`${what} must reject with a CheckpointError`, error);
    if (error.code === "conflict") {
      if (error.outcome === "not-applied") return { claim: "conflict", error };
      throw fail(`${what} must not say conflict unless it is certain (outcome: ${error.outcome})`, error);
    }
    if (error.outcome !== undefined) return { claim: error.outcome, error };
    throw fail(`${what} failed with code ${error.code} and does not say its outcome: ${error.message}`, error);
  }
}

/** A write that can be seen afterwards to have happened or not. */
export interface VisibleWrite {
  readonly name: string;
  /** Puts what it takes under the key; returns the version. */
  prepare(direct: CheckpointStore, key: string): Promise<string | undefined>;
  act(store: CheckpointStore, key: string, version: string | undefined, options?: OperationOptions): Promise<unknown>;
  /** What is under the key once it has happened, and what before; `null`: nothing. */
  readonly after: Uint8Array | null;
  readonly before: Uint8Array | null;
}

const before = bodyOf("before");
const after = bodyOf("after");

async function storeBefore(direct: CheckpointStore, key: string): Promise<string> {
  return (await direct.put(key, before)).version;
}

export const create: VisibleWrite = {
  name: "create",
  prepare: async () => undefined,
  act: (store, key, _version, options) => store.put(key, after, { ...options, ifAbsent: true }),
  before: null,
  after,
};

export const update: VisibleWrite = {
  name: "update",
  prepare: storeBefore,
  act: (store, key, version, options) => store.put(key, after, { ...options, ifVersion: version }),
  before,
  after,
};

export const overwrite: VisibleWrite = {
  name: "overwrite",
  prepare: storeBefore,
  act: (store, key, _version, options) => store.put(key, after, options),
  before,
  after,
};

export const remove: VisibleWrite = {
  name: "delete",
  prepare: storeBefore,
  act: (store, key, _version, options) => store.delete(key, options),
  before,
  after: null,
};

const removeVersion: VisibleWrite = {
  ...remove,
  name: "delete with ifVersion",
  act: (store, key, version, options) => store.delete(key, { ...options, ifVersion: version } satisfies DeleteOptions),
};

/** The kinds of write that a store has. */
export function writesOf({ capabilities }: CheckpointStore): readonly VisibleWrite[] {
  const writes = [create, update, overwrite, remove];
  return capabilities.conditionalDelete ? [...writes, removeVersion] : writes;
}

/** Whether a write has happened; what is stored must be either what was there before, or what it stores, whole. */
export async function hasHappened(write: VisibleWrite, direct: CheckpointStore, key: string): Promise<boolean> {
  const found = (await direct.get(key))?.body ?? null;
  if (isSame(found, write.after)) return true;
  if (isSame(found, write.before)) return false;
  const size = found === null ? "nothing" : `${found.byteLength} other bytes`;
  throw fail(`after a ${write.name} there must be what was there before or what it stores; there is ${size}`);
}

function isSame(one: Uint8Array | null, other: Uint8Array | null): boolean {
  return one === null || other === null ? one === other : Buffer.compare(one, other) === 0;
}

/** A claim that something has happened, or has not, must be true. */
export function expectTrue(what: string, { claim, error }: ClaimedWrite, happened: boolean): void {
  if (claim === "unknown" || (claim === "applied") === happened) return;
  const said = claim === "applied" ? "resolved" : `said ${claim} (${error?.message ?? ""})`;
  throw fail(`${what} ${said}, but the write was ${happened ? "applied" : "not applied"}`, error);
}
