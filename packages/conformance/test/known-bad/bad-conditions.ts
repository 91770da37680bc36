import { createHash } from "node:crypto";

import type { DriverContext, DriverRecord, DriverWrite, Precondition } from "@holdpoint/core/driver";
import { PreconditionFailedError } from "@holdpoint/core/driver";

import type { MemoryShelf } from "../memory-shelf.ts";
import { SharedMemoryDriver } from "../shared-memory-driver.ts";
import { sharedState, withDriver } from "./known-bad-store.ts";
import type { KnownBadStore } from "./known-bad-store.ts";

type Written = { readonly version: string };

const unconditional: Precondition = { kind: "any" };

/** Leaves `ifAbsent` away. */
class ForgetsIfAbsent extends SharedMemoryDriver {
  override async write(key: string, body: Uint8Array, write: DriverWrite, context: DriverContext): Promise<Written> {
    const { precondition } = write;
    const done = precondition.kind === "absent" ? unconditional : precondition;
    return await super.write(key, body, { ...write, precondition: done }, context);
  }
}

/** Leaves `ifVersion` away, as a server does that does not know the header. */
class ForgetsIfVersion extends SharedMemoryDriver {
  override async write(key: string, body: Uint8Array, write: DriverWrite, context: DriverContext): Promise<Written> {
    const { precondition } = write;
    if (precondition.kind !== "version") return await super.write(key, body, write, context);
    if ((await super.read(key, context)) === null) throw new PreconditionFailedError();
    return await super.write(key, body, { ...write, precondition: unconditional }, context);
  }
}

/** Has nothing to compare the version with once the key is gone, and so does not compare. */
class Resurrects extends SharedMemoryDriver {
  override async write(key: string, body: Uint8Array, write: DriverWrite, context: DriverContext): Promise<Written> {
    const gone = write.precondition.kind === "version" && (await super.read(key, context)) === null;
    return await super.write(key, body, gone ? { ...write, precondition: unconditional } : write, context);
  }
}

/** Takes the version "*" for the HTTP header that it becomes: any version will do. */
class TakesAsteriskForAny extends SharedMemoryDriver {
  override async write(key: string, body: Uint8Array, write: DriverWrite, context: DriverContext): Promise<Written> {
    const { precondition } = write;
    const any = precondition.kind === "version" && precondition.version === "*";
    return await super.write(key, body, any ? { ...write, precondition: unconditional } : write, context);
  }
}

/** Gives versions of its own to what is stored. */
abstract class RenamesVersions extends SharedMemoryDriver {
  protected abstract rename(key: string, record: DriverRecord): string;

  override async read(key: string, context: DriverContext): Promise<DriverRecord | null> {
    const record = await super.read(key, context);
    return record === null ? null : { ...record, version: this.rename(key, record) };
  }

  override async write(key: string, body: Uint8Array, write: DriverWrite, context: DriverContext): Promise<Written> {
    let { precondition } = write;
    if (precondition.kind === "version") {
      const version = await this.#trueVersion(key, precondition.version, context);
      if (version === undefined) throw new PreconditionFailedError();
      precondition = { kind: "version", version };
    }
    const { version } = await super.write(key, body, { ...write, precondition }, context);
    return { version: this.rename(key, { body, version, writeId: undefined }) };
  }

  override async remove(key: string, ifVersion: string | undefined, context: DriverContext): Promise<boolean> {
    if (ifVersion === undefined) return await super.remove(key, undefined, context);
    const record = await super.read(key, context);
    if (record === null) return false;
    if (this.rename(key, record) !== ifVersion) throw new PreconditionFailedError();
    return await super.remove(key, record.version, context);
  }

  async #trueVersion(key: string, renamed: string, context: DriverContext): Promise<string | undefined> {
    const record = await super.read(key, context);
    return record !== null && this.rename(key, record) === renamed ? record.version : undefined;
  }
}

/** Declares unique versions, and makes them of nothing but the bytes. */
class VersionIsDigest extends RenamesVersions {
  protected override rename(_key: string, { body }: DriverRecord): string {
    return createHash("sha256").update(body).digest("hex");
  }
}

interface VersionCount {
  next: number;
  readonly byTrueVersion: Map<string, string>;
}

const versionCounts = sharedState(() => new Map<string, VersionCount>());

/** Counts the versions of each key from one, and from one again once the key was removed. */
class CountsAnewAfterDelete extends RenamesVersions {
  readonly #counts: Map<string, VersionCount>;

  constructor(shelf: MemoryShelf) {
    super(shelf);
    this.#counts = versionCounts(shelf);
  }

  override async remove(key: string, ifVersion: string | undefined, context: DriverContext): Promise<boolean> {
    const removed = await super.remove(key, ifVersion, context);
    if (removed) this.#counts.delete(key);
    return removed;
  }

  protected override rename(key: string, { version }: DriverRecord): string {
    const count = this.#counts.get(key) ?? { next: 1, byTrueVersion: new Map<string, string>() };
    this.#counts.set(key, count);
    const known = count.byTrueVersion.get(version);
    if (known !== undefined) return known;
    const renamed = String(count.next);
    count.next += 1;
    count.byTrueVersion.set(version, renamed);
    return renamed;
  }
}

/** Deletes without the condition, as MinIO does. */
class DeleteIgnoresVersion extends SharedMemoryDriver {
  override async remove(key: string, _ifVersion: string | undefined, context: DriverContext): Promise<boolean> {
    return await super.remove(key, undefined, context);
  }
}

/** Writes first, finds out then, and puts back what was there. */
class PutsBackAfterConflict extends SharedMemoryDriver {
  override async write(key: string, body: Uint8Array, write: DriverWrite, context: DriverContext): Promise<Written> {
    const before = write.precondition.kind === "any" ? null : await super.read(key, context);
    try {
      return await super.write(key, body, write, context);
    } catch (error) {
      if (before !== null) {
        await super.write(key, before.body, { ...write, precondition: unconditional }, context);
      }
      throw error;
    }
  }
}

// What lists is the store underneath, whose versions are others.
const listsOtherVersions = ["listing/entries", "listing/versions", "listing/versions-past-one-page"];

export const badConditions: readonly KnownBadStore[] = [
  {
    name: "forgets ifAbsent",
    foundBy: "conditions/create-over-existing",
    alsoFails: [
      "conditions/failed-condition-changes-nothing",
      "races/one-creator-wins",
      "errors/damaged-value-is-corrupt",
    ],
    mayFail: ["races/linearizable-history"],
    open: withDriver(ForgetsIfAbsent),
  },
  {
    name: "forgets ifVersion",
    foundBy: "conditions/stale-update",
    alsoFails: [
      "conditions/failed-condition-changes-nothing",
      "conditions/version-belongs-to-its-key",
      "conditions/changed-and-changed-back",
      "conditions/removed-and-created-again",
      "conditions/unknown-version-is-refused",
      "races/one-claimant-wins",
      "races/contended-counter",
      "races/update-against-delete",
      "races/update-against-conditional-delete",
    ],
    mayFail: ["races/linearizable-history"],
    open: withDriver(ForgetsIfVersion),
  },
  {
    name: "resurrects deleted keys",
    foundBy: "conditions/update-never-resurrects",
    alsoFails: ["conditions/update-of-missing", "races/update-against-delete", "ttl/expired-is-absent"],
    mayFail: ["races/linearizable-history", "races/update-against-conditional-delete"],
    open: withDriver(Resurrects),
  },
  {
    name: "takes an asterisk for any version",
    foundBy: "conditions/unknown-version-is-refused",
    open: withDriver(TakesAsteriskForAny),
  },
  {
    name: "declares unique versions that are digests",
    foundBy: "conditions/same-bytes-new-version",
    alsoFails: [
      "conditions/changed-and-changed-back",
      "conditions/removed-and-created-again",
      "capabilities/listed-versions-or-refusal",
      ...listsOtherVersions,
    ],
    open: withDriver(VersionIsDigest),
  },
  {
    name: "counts versions anew after a delete",
    foundBy: "conditions/removed-and-created-again",
    alsoFails: listsOtherVersions,
    mayFail: ["races/linearizable-history"],
    open: withDriver(CountsAnewAfterDelete),
  },
  {
    name: "ignores the condition of a delete",
    foundBy: "conditions/stale-conditional-delete",
    alsoFails: ["conditions/unknown-version-is-refused", "races/update-against-conditional-delete"],
    mayFail: ["races/linearizable-history"],
    open: withDriver(DeleteIgnoresVersion),
  },
  {
    name: "writes before it checks, and puts back",
    foundBy: "conditions/failed-condition-changes-nothing",
    alsoFails: ["conditions/create-over-existing", "conditions/stale-update", "ttl/failed-condition-keeps-it"],
    mayFail: [
      "conditions/version-belongs-to-its-key",
      "conditions/changed-and-changed-back",
      "conditions/removed-and-created-again",
      "conditions/unknown-version-is-refused",
      "races/one-creator-wins",
      "races/one-claimant-wins",
      "races/contended-counter",
      "races/update-against-delete",
      "races/update-against-conditional-delete",
      "races/linearizable-history",
    ],
    open: withDriver(PutsBackAfterConflict),
  },
];
