import type { DriverContext, DriverRecord, ReadContext } from "@holdpoint/core/driver";

import { SharedMemoryDriver } from "../shared-memory-driver.ts";
import { withDriver } from "./known-bad-store.ts";
import type { KnownBadStore } from "./known-bad-store.ts";

/** Takes an empty value for none, as `if (!value.length)` does. */
class LosesEmptyBodies extends SharedMemoryDriver {
  override async read(key: string, context: DriverContext): Promise<DriverRecord | null> {
    const record = await super.read(key, context);
    return record?.body.byteLength === 0 ? null : record;
  }
}

/** Answers every delete as S3 does: 204, whether there was something or not. */
class SaysItRemovedSomething extends SharedMemoryDriver {
  override async remove(key: string, ifVersion: string | undefined, context: DriverContext): Promise<boolean> {
    await super.remove(key, ifVersion, context);
    return true;
  }
}

/** Asks another server for a durable read, one that nobody writes to. */
class ReadsDurablyElsewhere extends SharedMemoryDriver {
  override async read(key: string, context: ReadContext): Promise<DriverRecord | null> {
    return context.durable ? null : await super.read(key, context);
  }
}

export const badRoundTrips: readonly KnownBadStore[] = [
  {
    name: "finds nothing when it reads durably",
    foundBy: "round-trips/durable-read",
    alsoFails: ["sizes/up-to-what-is-wanted"],
    open: withDriver(ReadsDurablyElsewhere),
  },
  {
    name: "loses empty bodies",
    foundBy: "round-trips/empty-body",
    alsoFails: ["sizes/up-to-what-is-wanted"],
    open: withDriver(LosesEmptyBodies),
  },
  {
    name: "says that it removed something, whatever was there",
    foundBy: "round-trips/delete-says-whether",
    alsoFails: [
      "conditions/conditional-delete-of-missing",
      "races/update-against-conditional-delete",
      "ttl/expired-is-absent",
    ],
    mayFail: ["races/linearizable-history"],
    open: withDriver(SaysItRemovedSomething),
  },
];
