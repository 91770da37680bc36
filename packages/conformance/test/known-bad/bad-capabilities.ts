import type { Capabilities, CheckpointEntry, DeleteOptions, ListOptions, PutOptions } from "@holdpoint/core";

import { ForwardingStore, onTopOfGood } from "./forwarding-store.ts";
import type { KnownBadStore } from "./known-bad-store.ts";

/** Has no time to live, and does not say so when it is asked for one. */
class IgnoresTtl extends ForwardingStore {
  override get capabilities(): Capabilities {
    return { ...super.capabilities, ttl: false };
  }

  override put(key: string, body: Uint8Array, options: PutOptions = {}): Promise<{ readonly version: string }> {
    return super.put(key, body, { ...options, ttlMs: undefined });
  }
}

/** Has no conditional delete, and deletes anyway. */
class IgnoresConditionOfDelete extends ForwardingStore {
  override get capabilities(): Capabilities {
    return { ...super.capabilities, conditionalDelete: false };
  }

  override delete(key: string, options: DeleteOptions = {}): Promise<boolean> {
    return super.delete(key, { ...options, ifVersion: undefined });
  }
}

/** Has no versions in its listings, and lists anyway. */
class ListsWithoutVersions extends ForwardingStore {
  override get capabilities(): Capabilities {
    return { ...super.capabilities, listsVersions: false };
  }

  override async *list(options: ListOptions = {}): AsyncIterable<CheckpointEntry> {
    for await (const { key } of super.list(options)) yield { key };
  }
}

let opened = 0;

/** Declares what the last answer of its server happened to show. */
class DeclaresDifferently extends ForwardingStore {
  readonly #number = (opened += 1);

  override get capabilities(): Capabilities {
    return { ...super.capabilities, maxBodyBytes: 100_000 + this.#number };
  }
}

export const badCapabilities: readonly KnownBadStore[] = [
  {
    name: "ignores a time to live that it has not declared",
    foundBy: "capabilities/ttl-or-refusal",
    alsoFails: [
      "ttl/expires",
      "ttl/expired-is-absent",
      "ttl/conditional-update-sets-it",
      "ttl/write-without-clears-it",
      "ttl/failed-condition-keeps-it",
      "ttl/durable-read-keeps-it",
      "ttl/long",
      "ttl/time-left",
      "ttl/invalid-is-refused",
    ],
    open: onTopOfGood(IgnoresTtl),
  },
  {
    name: "ignores a condition of a delete that it has not declared",
    foundBy: "capabilities/conditional-delete-or-refusal",
    alsoFails: [
      "conditions/conditional-delete",
      "conditions/stale-conditional-delete",
      "conditions/conditional-delete-of-missing",
      "conditions/empty-version-is-refused",
      "races/update-against-conditional-delete",
    ],
    open: onTopOfGood(IgnoresConditionOfDelete),
  },
  {
    name: "lists without the versions that it has not declared",
    foundBy: "capabilities/listed-versions-or-refusal",
    alsoFails: ["listing/versions", "listing/versions-past-one-page"],
    open: onTopOfGood(ListsWithoutVersions),
  },
  {
    name: "declares another limit to each client",
    foundBy: "capabilities/declared",
    mayFail: ["sizes/over-the-limit"],
    open: onTopOfGood(DeclaresDifferently),
  },
];
