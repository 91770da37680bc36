import type { CheckpointEntry } from "@holdpoint/core";
import type { DriverContext, DriverRecord, DriverWrite, ListContext } from "@holdpoint/core/driver";

import { SharedMemoryDriver } from "../shared-memory-driver.ts";

/** Stores each key under a name that is made of it. */
export abstract class TranslatedKeysDriver extends SharedMemoryDriver {
  protected abstract nameOf(key: string): string;
  protected abstract keyOf(name: string): string;

  override async read(key: string, context: DriverContext): Promise<DriverRecord | null> {
    return await super.read(this.nameOf(key), context);
  }

  override async write(
    key: string,
    body: Uint8Array,
    write: DriverWrite,
    context: DriverContext,
  ): Promise<{ readonly version: string }> {
    return await super.write(this.nameOf(key), body, write, context);
  }

  override async remove(key: string, ifVersion: string | undefined, context: DriverContext): Promise<boolean> {
    return await super.remove(this.nameOf(key), ifVersion, context);
  }

  override async *list(prefix: string, context: ListContext): AsyncIterable<readonly CheckpointEntry[]> {
    for await (const page of super.list("", context)) {
      const entries = page.map((entry) => Object.assign(entry, { key: this.keyOf(entry.key) }));
      yield entries.filter(({ key }) => key.startsWith(prefix));
    }
  }
}
