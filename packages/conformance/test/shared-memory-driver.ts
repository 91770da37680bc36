import { CheckpointError } from "@holdpoint/core";
import type { Capabilities, CheckpointEntry, CheckpointStore } from "@holdpoint/core";
import { PreconditionFailedError } from "@holdpoint/core/driver";
import type {
  CheckpointDriver,
  DriverContext,
  DriverFailure,
  DriverRecord,
  DriverWrite,
  ListContext,
  Precondition,
} from "@holdpoint/core/driver";

import type { MemoryShelf } from "./memory-shelf.ts";

/** A client of a memory store that other clients use too: closing it leaves the data where they are. */
export class SharedMemoryDriver implements CheckpointDriver {
  readonly backend: string = "memory";
  readonly location: string = "memory:";
  readonly capabilities: Capabilities;
  protected readonly shared: CheckpointStore;
  protected readonly damaged: Set<string>;

  constructor({ store, damaged, maxBodyBytes }: MemoryShelf) {
    this.shared = store;
    this.damaged = damaged;
    this.capabilities = { ...store.capabilities, maxBodyBytes };
  }

  async read(key: string, { signal }: DriverContext): Promise<DriverRecord | null> {
    if (this.damaged.has(key)) throw new DamagedValueError();
    const found = await this.shared.get(key, { signal });
    return found === null ? null : { ...found, writeId: undefined };
  }

  async write(
    key: string,
    body: Uint8Array,
    { precondition, ttlMs }: DriverWrite,
    { signal }: DriverContext,
  ): Promise<{ readonly version: string }> {
    const written = await withPlainConflict(
      this.shared.put(key, new Uint8Array(body), { ...conditionOf(precondition), ttlMs, signal }),
    );
    this.damaged.delete(key);
    return written;
  }

  async remove(key: string, ifVersion: string | undefined, { signal }: DriverContext): Promise<boolean> {
    return await withPlainConflict(this.shared.delete(key, { ifVersion, signal }));
  }

  async *list(prefix: string, { signal }: ListContext): AsyncIterable<readonly CheckpointEntry[]> {
    for await (const entry of this.shared.list({ prefix, signal })) yield [entry];
  }

  async timeToLive(key: string, { signal }: DriverContext): Promise<number | null> {
    return (await this.shared.timeToLive?.(key, { signal })) ?? null;
  }

  async check({ signal }: DriverContext): Promise<void> {
    await this.shared.check({ signal });
  }

  async close(): Promise<void> {}

  classify(error: unknown): DriverFailure {
    const code = error instanceof DamagedValueError ? "corrupt" : "unavailable";
    return { code, retryable: false, outcome: "not-applied", message: String(error) };
  }
}

/** Leaves it to the store above to put a conflict into words. */
async function withPlainConflict<Result>(write: Promise<Result>): Promise<Result> {
  try {
    return await write;
  } catch (error) {
    throw CheckpointError.is(error, "conflict") ? new PreconditionFailedError() : error;
  }
}

class DamagedValueError extends Error {
  override readonly name = "DamagedValueError";

  constructor() {
    super("the checksum does not fit");
  }
}

function conditionOf(precondition: Precondition): { readonly ifAbsent?: true; readonly ifVersion?: string } {
  switch (precondition.kind) {
    case "any":
      return {};
    case "absent":
      return { ifAbsent: true };
    case "version":
      return { ifVersion: precondition.version };
  }
}
