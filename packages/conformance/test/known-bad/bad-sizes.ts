import type { Capabilities } from "@holdpoint/core";
import type { DriverContext, DriverWrite } from "@holdpoint/core/driver";

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

export const badSizes: readonly KnownBadStore[] = [
  {
    name: "cuts bodies",
    foundBy: "sizes/around-powers-of-two",
    alsoFails: ["sizes/at-the-limit", "round-trips/one-mebibyte", "bytes/large-binary"],
    open: withDriver(CutsBodies),
  },
  { name: "does not enforce its limit", foundBy: "sizes/over-the-limit", open: onTopOfGood(HasNoLimit) },
];
