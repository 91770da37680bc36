import type { DriverContext, DriverRecord, DriverWrite } from "@holdpoint/core/driver";

import type { MemoryShelf } from "../memory-shelf.ts";
import { SharedMemoryDriver } from "../shared-memory-driver.ts";
import { sharedState, withDriver } from "./known-bad-store.ts";
import type { KnownBadStore } from "./known-bad-store.ts";

const bodiesByVersion = sharedState(() => new Map<string, Uint8Array>());

/** Keeps the very array it was given. */
class KeepsGivenArray extends SharedMemoryDriver {
  readonly #bodies: Map<string, Uint8Array>;

  constructor(shelf: MemoryShelf) {
    super(shelf);
    this.#bodies = bodiesByVersion(shelf);
  }

  override async read(key: string, context: DriverContext): Promise<DriverRecord | null> {
    const record = await super.read(key, context);
    return record === null
      ? null
      : { ...record, body: new Uint8Array(this.#bodies.get(record.version) ?? record.body) };
  }

  override async write(
    key: string,
    body: Uint8Array,
    write: DriverWrite,
    context: DriverContext,
  ): Promise<{ readonly version: string }> {
    const { version } = await super.write(key, body, write, context);
    this.#bodies.set(version, body);
    return { version };
  }
}

/** Hands the same array to everybody who reads. */
class HandsOutOneArray extends SharedMemoryDriver {
  readonly #bodies: Map<string, Uint8Array>;

  constructor(shelf: MemoryShelf) {
    super(shelf);
    this.#bodies = bodiesByVersion(shelf);
  }

  override async read(key: string, context: DriverContext): Promise<DriverRecord | null> {
    const record = await super.read(key, context);
    if (record === null) return null;
    const body = this.#bodies.get(record.version) ?? record.body;
    this.#bodies.set(record.version, body);
    return { ...record, body };
  }
}

/** Sends the buffer under the array, not the part that the array shows. */
class StoresTheWholeBuffer extends SharedMemoryDriver {
  override async write(
    key: string,
    body: Uint8Array,
    write: DriverWrite,
    context: DriverContext,
  ): Promise<{ readonly version: string }> {
    return await super.write(key, new Uint8Array(body.buffer), write, context);
  }
}

/** Decodes the body as text on its way. */
class StoresText extends SharedMemoryDriver {
  override async write(
    key: string,
    body: Uint8Array,
    write: DriverWrite,
    context: DriverContext,
  ): Promise<{ readonly version: string }> {
    return await super.write(key, Buffer.from(new TextDecoder().decode(body)), write, context);
  }
}

/** Encrypts, or clears for safety, in the array that it was given. */
class ClearsGivenArray extends SharedMemoryDriver {
  override async write(
    key: string,
    body: Uint8Array,
    write: DriverWrite,
    context: DriverContext,
  ): Promise<{ readonly version: string }> {
    const written = await super.write(key, body, write, context);
    // Small ones only, so that the suite's own larger bodies are spared.
    if (body.byteLength === 5000) body.fill(0);
    return written;
  }
}

export const badBytes: readonly KnownBadStore[] = [
  {
    name: "keeps the array that it was given",
    foundBy: "bytes/given-array-is-not-kept",
    open: withDriver(KeepsGivenArray),
  },
  {
    name: "hands out the same array twice",
    foundBy: "bytes/returned-array-is-the-callers-own",
    open: withDriver(HandsOutOneArray),
  },
  {
    name: "stores the buffer under a view",
    foundBy: "bytes/view-of-a-larger-array",
    alsoFails: ["bytes/given-array-is-not-kept", "bytes/returned-array-is-the-callers-own"],
    open: withDriver(StoresTheWholeBuffer),
  },
  {
    name: "takes bytes for text",
    foundBy: "bytes/every-value",
    alsoFails: ["bytes/delicate", "bytes/large-binary"],
    open: withDriver(StoresText),
  },
  {
    name: "writes into the array that it was given",
    foundBy: "bytes/given-array-is-not-changed",
    open: withDriver(ClearsGivenArray),
  },
];
