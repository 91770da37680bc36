import { CheckpointError } from "@holdpoint/core";
import type { Capabilities, CheckpointEntry, CheckpointStore } from "@holdpoint/core";
import type {
  CheckpointDriver,
  DriverContext,
  DriverFailure,
  DriverRecord,
  DriverWrite,
  Precondition,
} from "@holdpoint/core/driver";

/** A client of a memory store that other clients use too: closing it leaves the data where they are. */
export class SharedMemoryDriver implements CheckpointDriver {
  readonly backend: string = "memory";
  readonly location: string = "memory:";
  readonly capabilities: Capabilities;
  protected readonly shared: CheckpointStore;

  constructor(shared: CheckpointStore) {
    this.shared = shared;
    this.capabilities = shared.capabilities;
  }

  async read(key: string, { signal }: DriverContext): Promise<DriverRecord | null> {
    const found = await this.shared.get(key, { signal });
    return found === null ? null : { ...found, writeId: undefined };
  }

  async write(
    key: string,
    body: Uint8Array,
    { precondition, ttlMs }: DriverWrite,
    { signal }: DriverContext,
  ): Promise<{ readonly version: string }> {
    return await this.shared.put(key, body, { ...conditionOf(precondition), ttlMs, signal });
  }

  async remove(key: string, ifVersion: string | undefined, { signal }: DriverContext): Promise<boolean> {
    return await this.shared.delete(key, { ifVersion, signal });
  }

  list(prefix: string, { signal }: DriverContext): AsyncIterable<CheckpointEntry> {
    return this.shared.list({ prefix, signal });
  }

  async check({ signal }: DriverContext): Promise<void> {
    await this.shared.check({ signal });
  }

  async close(): Promise<void> {}

  classify(error: unknown): DriverFailure {
    const code = CheckpointError.is(error) ? error.code : "unavailable";
    return { code, retryable: false, outcome: "not-applied", message: String(error) };
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
