import type { CheckpointEntry, ListOptions } from "@holdpoint/core";
import { createPauseLedger } from "@holdpoint/asya";
import { createMemoryStore } from "@holdpoint/core";
import { expect, it } from "vitest";

import { ForwardingStore } from "../../packages/conformance/test/known-bad/forwarding-store.ts";

const documents = 3_000;
// The documents that are read at once, and as many that wait to be taken.
const mostAhead = 64;

/** A store that knows how many keys have been taken from its listings. */
class ListingCounter extends ForwardingStore {
  taken = 0;

  override async *list(options?: ListOptions): AsyncIterable<CheckpointEntry> {
    for await (const entry of super.list(options)) {
      this.taken += 1;
      yield entry;
    }
  }
}

it("a listing and a prune take keys from the store as they go, and do not collect them", async () => {
  await using store = new ListingCounter(await createMemoryStore());
  const ledger = createPauseLedger(store);
  for (let index = 0; index < documents; index += 1) {
    const route = { prev: [], curr: "x-pause", next: ["work"] };
    await ledger.pause({ id: `task-${index}`, route, payload: {} });
    await ledger.cancel(`task-${index}`);
  }

  let listed = 0;
  let ahead = 0;
  for await (const _ of ledger.list()) {
    listed += 1;
    ahead = Math.max(ahead, store.taken - listed);
    // Whoever reads slowly is not run ahead of.
    if (listed % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(listed).toBe(documents);
  expect(ahead).toBeLessThanOrEqual(mostAhead);

  store.taken = 0;
  ahead = 0;
  const onProgress = ({ examined }: { readonly examined: number }): void => {
    ahead = Math.max(ahead, store.taken - examined);
  };
  await expect(ledger.prune({ olderThanMs: 0, onProgress })).resolves.toMatchObject({ removed: documents });
  expect(ahead).toBeLessThanOrEqual(mostAhead);
});
