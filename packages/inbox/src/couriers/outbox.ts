import type { HoldDetails, Person } from "@holdpoint/core/holds";

import { InboxError } from "../inbox-error.ts";
import type { ListedItem } from "../listing/listed-item.ts";
import { labelledHold } from "../rules/access.ts";
import type { ClaimWatch } from "../sending/claim-watch.ts";
import { whyOf } from "../sending/send-failure.ts";
import { sendInTime } from "../sending/send-in-time.ts";
import { SendQueue } from "../sending/send-queue.ts";
import type { SideRecord } from "../sending/side-record.ts";
import { removeSideRecord, writeSideRecord } from "../sending/side-record.ts";
import { isMeantFor } from "../sending/target-options.ts";
import type { Courier } from "./courier.ts";
import type { CouriersContext } from "./couriers-context.ts";
import { decidedAt, makeDelivery } from "./decide-delivery.ts";
import type { DeliveryName, DoneRecord, OpenRecord } from "./delivery-record.ts";
import { deliversSince, deliveryKey, digestOf, readDone, readOpen, textOf } from "./delivery-record.ts";

/** How far one courier has come with one decision. */
export interface DeliveryStatus {
  readonly courier: string;
  readonly open: SideRecord<OpenRecord> | undefined;
  readonly done: DoneRecord | undefined;
}

/**
 * One courier, and what it is still to deliver.
 *
 * A decision is written to the hold first, by whoever decides. How far its delivery has come stands in a record of its
 * own beside the hold, never in it, where a write would void somebody's claim. Before it is delivered, the record says so
 * under a condition, so that of several inboxes one delivers; if that one dies before it says that it did, another
 * delivers again, under the same id.
 */
export class Outbox {
  readonly courier: Courier;
  readonly #context: CouriersContext;
  readonly #claims: ClaimWatch;
  readonly #queue: SendQueue<DeliveryName>;
  /** Decided before that, it is not delivered; `undefined` until it is known. */
  #since: Date | undefined;
  /** What listings have found to be delivered, by its digest. */
  readonly #done = new Set<string>();
  /** What there is nothing to do about any more. */
  readonly #settled = new Set<string>();

  constructor(context: CouriersContext, courier: Courier, claims: ClaimWatch) {
    this.courier = courier;
    this.#context = context;
    this.#claims = claims;
    this.#queue = new SendQueue(
      async (name) => await this.#deliver(name),
      (error, name, retryMs) => this.#report(name, error, `It is tried again in ${Math.ceil(retryMs / 1_000)} s`),
      context.ending,
    );
  }

  /**
   * Until then nothing is delivered.
   *
   * @throws {CheckpointError} what the store throws
   */
  async begin(): Promise<void> {
    const { store, now, ending } = this.#context;
    this.#since ??= await deliversSince(store, this.courier.name, now(), { signal: ending });
  }

  /** Takes an item as it was listed, where there may be something to deliver of it. */
  see(item: ListedItem): void {
    const name = deliveryNameOf(item);
    if (this.#since === undefined || name === undefined || item.state === "waiting") return;
    const text = textOf(name);
    if (this.#settled.has(text) || !mayBeSince(item, this.#since) || !this.#isFor(item)) return;
    if (this.#done.has(digestOf(name))) this.#settled.add(text);
    else this.#queue.offer(text, name);
  }

  /** Takes what a listing has found. */
  foundDone(digest: string): void {
    this.#done.add(digest);
  }

  /** Takes what is still to be delivered, whatever was known of it. */
  recall({ id, openedAt, failed }: OpenRecord): void {
    if (failed === true) return;
    const name = { id, openedAt };
    this.#settled.delete(textOf(name));
    this.#queue.offer(textOf(name), name);
  }

  /**
   * How far the delivery of a hold has come; `undefined` if this courier has nothing to do with it.
   *
   * @throws {CheckpointError} what the store throws
   */
  async statusOf(hold: HoldDetails): Promise<DeliveryStatus | undefined> {
    const name = deliveryNameOf({ kind: "hold", ...hold });
    if (name === undefined || !this.#isFor(labelledHold(hold))) return undefined;
    const { store, ending } = this.#context;
    const { name: courier } = this.courier;
    const [open, done] = await Promise.all([
      readOpen(store, deliveryKey(courier, "open", name), { signal: ending }),
      readDone(store, deliveryKey(courier, "done", name), { signal: ending }),
    ]);
    return open === undefined && done === undefined ? undefined : { courier, open, done: done?.record };
  }

  /**
   * Has what has failed tried again.
   *
   * @returns whether it had failed as it was seen
   * @throws {CheckpointError} what the store throws
   */
  async repeat({ record, version }: SideRecord<OpenRecord>, by: Person): Promise<boolean> {
    const { store, now, ending } = this.#context;
    const { failed: _failed, problem: _problem, ...rest } = record;
    const key = deliveryKey(this.courier.name, "open", record);
    const again: OpenRecord = { ...rest, since: now().toISOString(), repeatedBy: by };
    if ((await writeSideRecord(store, key, again, version, { signal: ending })) === undefined) return false;
    this.recall(again);
    return true;
  }

  #isFor(item: Parameters<typeof isMeantFor>[1]): boolean {
    return isMeantFor(this.courier, item, this.#context.access);
  }

  async #deliver(name: DeliveryName): Promise<void> {
    const { store, ending, now, timeoutMs } = this.#context;
    if (this.#settled.has(textOf(name))) return;
    const key = deliveryKey(this.courier.name, "open", name);
    const stored = await readOpen(store, key, { signal: ending });
    if (stored?.record.failed === true) {
      this.#settled.add(textOf(name));
      return;
    }
    if (this.#claims.isBeingSent(key, stored)) return;
    const hold = await this.#findDecided(name);
    if (hold?.state === "waiting") return;
    const at = hold && decidedAt(hold);
    if (hold === undefined || at === undefined || (stored === undefined && at < (this.#since ?? at))) {
      await this.#settle(name, key, stored?.version);
      return;
    }
    const known = stored?.record ?? { ...name, version: hold.version, since: now().toISOString(), attempts: 0 };
    const { sending: _sending, problem: _problem, ...rest } = known;
    const record: OpenRecord = { ...rest, attempts: known.attempts + 1 };
    const claim = this.#claims.next();
    const version = await this.#write(key, { ...record, sending: { claim } }, stored?.version);
    // Another inbox was first.
    if (version === undefined) return;
    // Whoever has delivered it may have died before that record was removed, or ended before this one was made.
    const doneKey = deliveryKey(this.courier.name, "done", name);
    if ((await readDone(store, doneKey, { signal: ending })) !== undefined) {
      await this.#settle(name, key, version);
      return;
    }
    const delivery = makeDelivery(this.courier.name, name, hold, record.version, at);
    try {
      await sendInTime(async (signal) => await this.courier.deliver(delivery, signal), timeoutMs, ending);
    } catch (error) {
      await this.#fail(name, record, version, error);
      return;
    }
    const done: DoneRecord = { ...name, at: now().toISOString(), attempts: record.attempts };
    await this.#write(doneKey, done, undefined);
    await this.#settle(name, key, version);
  }

  /** A hold that is decided. Its time may be over without anybody having written that down: who delivers does. */
  async #findDecided({ id, openedAt }: DeliveryName): Promise<HoldDetails | undefined> {
    const { holds, ending: signal } = this.#context;
    let hold = await holds.inspect(id, { signal });
    if (hold?.isDue === true) {
      await holds.expire({ id, signal });
      hold = await holds.inspect(id, { signal });
    }
    return hold?.openedAt?.toISOString() === openedAt ? (hold ?? undefined) : undefined;
  }

  /** @throws what the courier has thrown, where it is to be tried again */
  async #fail(name: DeliveryName, record: OpenRecord, version: string, error: unknown): Promise<void> {
    const { now, giveUpAfterMs, ending } = this.#context;
    // Whether it was taken, nobody has heard: another inbox finds the record as it is.
    if (ending.aborted) throw error;
    const isRefusal = (error as { readonly isRefusal?: unknown }).isRefusal === true;
    const failed = isRefusal || now().getTime() - Date.parse(record.since) >= giveUpAfterMs;
    const problem = { at: now().toISOString(), why: whyOf(error) };
    const key = deliveryKey(this.courier.name, "open", name);
    await this.#write(key, { ...record, problem, ...(failed ? { failed } : {}) }, version);
    if (!failed) throw error;
    this.#settled.add(textOf(name));
    this.#report(name, error, "It is not tried again until somebody has it repeated on the page of the hold");
  }

  async #settle(name: DeliveryName, key: string, version: string | undefined): Promise<void> {
    const { store, ending } = this.#context;
    if (version !== undefined) await removeSideRecord(store, key, version, { signal: ending });
    this.#settled.add(textOf(name));
  }

  async #write(key: string, record: object, ifVersion: string | undefined): Promise<string | undefined> {
    const { store, ending } = this.#context;
    return await writeSideRecord(store, key, record, ifVersion, { signal: ending });
  }

  #report({ id }: DeliveryName, error: unknown, next: string): void {
    const what = `Delivering what was decided of ${JSON.stringify(id)} to ${JSON.stringify(this.courier.name)} failed`;
    this.#context.report(new InboxError("not-delivered", `${what}: ${whyOf(error)}. ${next}.`));
  }
}

/** Whether an item may have been decided since then: it was before it came into its state. */
function mayBeSince({ state, since }: ListedItem, then: Date): boolean {
  // Of one whose time is over, nobody may have written that down yet.
  return state === "expired" || since === undefined || since >= then;
}

/** What of an item is delivered; `undefined` for what is none, or nothing but a stub. */
export function deliveryNameOf({
  kind,
  id,
  state,
  openedAt,
}: Pick<ListedItem, "kind" | "id" | "state" | "openedAt">): DeliveryName | undefined {
  if (kind !== "hold" || state === "corrupt" || openedAt === undefined) return undefined;
  return { id, openedAt: openedAt.toISOString() };
}
