import { CheckpointError } from "@holdpoint/core";
import type { Checkpoint, OperationOptions, PutOptions } from "@holdpoint/core";
import type { DriverContext, DriverFailure, DriverRecord } from "@holdpoint/core/driver";

import { SharedMemoryDriver } from "../shared-memory-driver.ts";
import { ForwardingStore, onTopOfGood } from "./forwarding-store.ts";
import { withDriver } from "./known-bad-store.ts";
import type { KnownBadStore } from "./known-bad-store.ts";

/** Shows the URL that it was opened with. */
class ShowsPassword extends SharedMemoryDriver {
  override readonly location = "memory://asya:correct-horse@localhost/";
}

/** Hides the password in the location, but not in what it passes on. */
class PassesPasswordOn extends ForwardingStore {
  override async put(key: string, body: Uint8Array, options?: PutOptions): Promise<{ readonly version: string }> {
    try {
      return await super.put(key, body, options);
    } catch (error) {
      if (!CheckpointError.is(error, "conflict")) throw error;
      throw new CheckpointError(error.code, error.message, {
        backend: error.backend,
        operation: error.operation,
        key: error.key,
        outcome: error.outcome,
        cause: Object.assign(new Error("HTTP 412"), { request: { authorization: "Bearer correct-horse" } }),
      });
    }
  }
}

/** Says that there was a conflict, and nothing more. */
class SaysLittle extends ForwardingStore {
  override async put(key: string, body: Uint8Array, options?: PutOptions): Promise<{ readonly version: string }> {
    try {
      return await super.put(key, body, options);
    } catch (error) {
      throw CheckpointError.is(error, "conflict") ? new CheckpointError("conflict", "HTTP 412 received.") : error;
    }
  }
}

/** Checks its arguments before there is a promise. */
class ThrowsAtOnce extends ForwardingStore {
  override get(key: string, options?: OperationOptions): Promise<Checkpoint | null> {
    if (key === "") {
      throw new CheckpointError("invalid-argument", "the key is empty", { backend: this.backend, operation: "get" });
    }
    return super.get(key, options);
  }
}

/** Takes what it cannot read for nothing. */
class TakesDamagedForMissing extends SharedMemoryDriver {
  override async read(key: string, context: DriverContext): Promise<DriverRecord | null> {
    return this.damaged.has(key) ? null : await super.read(key, context);
  }
}

/** Cannot tell a damaged value from a server that is down. */
class TakesDamagedForUnavailable extends SharedMemoryDriver {
  override classify(error: unknown): DriverFailure {
    return { ...super.classify(error), code: "unavailable" };
  }
}

export const badErrors: readonly KnownBadStore[] = [
  { name: "shows its password", foundBy: "errors/no-credential", open: withDriver(ShowsPassword) },
  { name: "passes its password on", foundBy: "errors/no-credential", open: onTopOfGood(PassesPasswordOn) },
  {
    name: "says little",
    foundBy: "errors/conflict-says-what",
    alsoFails: ["errors/all-are-of-one-class", "errors/refused-writes-are-not-applied"],
    open: onTopOfGood(SaysLittle),
  },
  { name: "throws at once", foundBy: "errors/never-thrown-at-once", open: onTopOfGood(ThrowsAtOnce) },
  {
    name: "takes a damaged value for a missing one",
    foundBy: "errors/damaged-value-is-corrupt",
    open: withDriver(TakesDamagedForMissing),
  },
  {
    name: "takes a damaged value for an outage",
    foundBy: "errors/damaged-value-is-corrupt",
    open: withDriver(TakesDamagedForUnavailable),
  },
];
