import { CheckpointError } from "@holdpoint/core";
import type { Capabilities, Checkpoint, GetOptions } from "@holdpoint/core";
import { BodyTooLargeError } from "@holdpoint/core/driver";
import type { DriverContext, DriverRecord, DriverWrite, ReadContext } from "@holdpoint/core/driver";

import { SharedMemoryDriver } from "../shared-memory-driver.ts";
import { ForwardingStore, onTopOfGood } from "./forwarding-store.ts";
import { withDriver } from "./known-bad-store.ts";
import type { KnownBadStore } from "./known-bad-store.ts";

/** A column that is 64 KiB wide. */
class CutsBodies extends SharedMemoryDriver {
  override async write(
    key: string,
    body: Uint8Array,
    write: DriverWrite,
    context: DriverContext,
  ): Promise<{ readonly version: string }> {
    return await super.write(key, body.subarray(0, 65_535), write, context);
  }
}

/** Declares a limit and leaves it to the server, which has none. */
class HasNoLimit extends ForwardingStore {
  override get capabilities(): Capabilities {
    return { ...super.capabilities, maxBodyBytes: 100_000 };
  }
}

/** Reads whatever is there, however little is wanted. */
class ReadsAnySize extends ForwardingStore {
  override async get(key: string, { maxBytes: _ignored, ...options }: GetOptions = {}): Promise<Checkpoint | null> {
    return await super.get(key, options);
  }
}

/** Says that there is more, and not how much. */
class KeepsTheSizeToItself extends ForwardingStore {
  override async get(key: string, options?: GetOptions): Promise<Checkpoint | null> {
    try {
      return await super.get(key, options);
    } catch (error) {
      if (!CheckpointError.is(error, "too-large")) throw error;
      throw new CheckpointError(error.code, error.message);
    }
  }
}

/** Counts what the server keeps with the body as part of it. */
class CountsItsOwnLine extends SharedMemoryDriver {
  override async read(key: string, context: ReadContext): Promise<DriverRecord | null> {
    const record = await super.read(key, context);
    const sizeBytes = 40 + (record?.body.byteLength ?? 0);
    if (record !== null && sizeBytes > (context.maxBytes ?? Infinity)) throw new BodyTooLargeError(sizeBytes);
    return record;
  }
}

/** Hands on the tag of what it leaves unread as the server has it, in quotes. */
class LeavesTheQuotesOn extends SharedMemoryDriver {
  override async read(key: string, { maxBytes = Infinity, ...context }: ReadContext): Promise<DriverRecord | null> {
    const record = await super.read(key, context);
    if (record === null || record.body.byteLength <= maxBytes) return record;
    throw new BodyTooLargeError(record.body.byteLength, JSON.stringify(record.version));
  }
}

export const badSizes: readonly KnownBadStore[] = [
  {
    name: "cuts bodies",
    foundBy: "sizes/around-powers-of-two",
    alsoFails: ["sizes/at-the-limit", "sizes/up-to-what-is-wanted", "round-trips/one-mebibyte", "bytes/large-binary"],
    open: withDriver(CutsBodies),
  },
  {
    name: "reads any size, however little is wanted",
    foundBy: "sizes/up-to-what-is-wanted",
    open: onTopOfGood(ReadsAnySize),
  },
  {
    name: "does not say how large a body is that is not wanted",
    foundBy: "sizes/up-to-what-is-wanted",
    open: onTopOfGood(KeepsTheSizeToItself),
  },
  {
    name: "counts more than the body",
    foundBy: "sizes/up-to-what-is-wanted",
    open: withDriver(CountsItsOwnLine),
  },
  {
    name: "says of a body that is not wanted another version",
    foundBy: "sizes/up-to-what-is-wanted",
    open: withDriver(LeavesTheQuotesOn),
  },
  { name: "does not enforce its limit", foundBy: "sizes/over-the-limit", open: onTopOfGood(HasNoLimit) },
];
