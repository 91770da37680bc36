import type { HoldDetails, Person } from "@holdpoint/core/holds";

import type { ListedItem } from "../listing/listed-item.ts";
import { ClaimWatch } from "../sending/claim-watch.ts";
import type { Watcher } from "../sending/lookout.ts";
import { inTurns } from "../sending/lookout.ts";
import { removeSideRecord, unlessCorrupt } from "../sending/side-record.ts";
import type { Courier } from "./courier.ts";
import type { CouriersContext } from "./couriers-context.ts";
import { deliveryPrefix, digestOf, readDeliveryKey, readDone, readOpen, textOf } from "./delivery-record.ts";
import type { DeliveryStatus } from "./outbox.ts";
import { deliveryNameOf, Outbox } from "./outbox.ts";

/** Has what was decided delivered, and says how far that has come. */
export class Couriers implements Watcher {
  readonly #context: CouriersContext;
  readonly #outboxes: readonly Outbox[];

  constructor(context: CouriersContext, couriers: readonly Courier[]) {
    const claims = new ClaimWatch(context.timeoutMs);
    this.#context = context;
    this.#outboxes = couriers.map((courier) => new Outbox(context, courier, claims));
  }

  /** Whether there is any courier. */
  get isEmpty(): boolean {
    return this.#outboxes.length === 0;
  }

  see(item: ListedItem): void {
    for (const outbox of this.#outboxes) outbox.see(item);
  }

  /** Finds what is still to be delivered, and removes what stands of holds that are gone. */
  async sweep(items: readonly ListedItem[]): Promise<void> {
    const { store, ending, report } = this.#context;
    for (const outbox of this.#outboxes) await outbox.begin();
    const kept = await digestsOf(items);
    for await (const { key } of store.list({ prefix: deliveryPrefix, signal: ending })) {
      await unlessCorrupt(report, async () => await this.#found(key, kept));
    }
  }

  /**
   * How far the delivery of a hold has come, by courier.
   *
   * @throws {CheckpointError} what the store throws
   */
  async statusesOf(hold: HoldDetails): Promise<readonly DeliveryStatus[]> {
    if (hold.state === "waiting") return [];
    const statuses = await Promise.all(this.#outboxes.map(async (outbox) => await outbox.statusOf(hold)));
    return statuses.filter((status) => status !== undefined);
  }

  /**
   * Has what has failed tried again.
   *
   * @returns whether it had failed as it was seen
   * @throws {CheckpointError} what the store throws
   */
  async repeat({ courier, open }: DeliveryStatus, by: Person): Promise<boolean> {
    const outbox = this.#outboxes.find((each) => each.courier.name === courier);
    return outbox !== undefined && open?.record.failed === true && (await outbox.repeat(open, by));
  }

  /**
   * Those of some items whose delivery has failed.
   *
   * @throws {CheckpointError} what the store throws
   */
  async failedOf(items: readonly ListedItem[]): Promise<readonly ListedItem[]> {
    if (this.isEmpty) return [];
    const { store, ending, report } = this.#context;
    const failed = new Set<string>();
    for await (const { key } of store.list({ prefix: deliveryPrefix, signal: ending })) {
      const found = readDeliveryKey(key);
      if (found?.stage !== "open" || !this.#outboxes.some(({ courier }) => courier.name === found.courier)) continue;
      const stored = await unlessCorrupt(report, async () => await readOpen(store, key, { signal: ending }));
      if (stored?.record.failed === true) failed.add(textOf(stored.record));
    }
    return items.filter((item) => {
      const name = deliveryNameOf(item);
      return name !== undefined && failed.has(textOf(name));
    });
  }

  async #found(key: string, kept: ReadonlySet<string>): Promise<void> {
    const { store, ending } = this.#context;
    const options = { signal: ending };
    const found = readDeliveryKey(key);
    if (found === undefined) return;
    const outbox = this.#outboxes.find(({ courier }) => courier.name === found.courier);
    if (found.stage === "done" && kept.has(found.digest)) {
      outbox?.foundDone(found.digest);
      return;
    }
    const stored = await (found.stage === "done" ? readDone : readOpen)(store, key, options);
    if (stored === undefined) return;
    const { id, openedAt } = stored.record;
    const hold = await this.#context.holds.inspect(id, options);
    const isGone = hold === null || hold.pruned || hold.openedAt?.toISOString() !== openedAt;
    if (isGone) await removeSideRecord(store, key, stored.version, options);
    else if (found.stage === "done") outbox?.foundDone(found.digest);
    else if ("since" in stored.record) outbox?.recall(stored.record);
  }
}

/** The decisions that a listing has shown. */
async function digestsOf(items: readonly ListedItem[]): Promise<ReadonlySet<string>> {
  const digests = new Set<string>();
  for await (const some of inTurns(items)) {
    for (const item of some) {
      const name = item.state === "waiting" ? undefined : deliveryNameOf(item);
      if (name !== undefined) digests.add(digestOf(name));
    }
  }
  return digests;
}
