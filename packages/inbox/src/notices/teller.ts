import type { ListedItem } from "../listing/listed-item.ts";
import { ClaimWatch } from "../sending/claim-watch.ts";
import type { Watcher } from "../sending/lookout.ts";
import { inTurns } from "../sending/lookout.ts";
import { removeSideRecord, unlessCorrupt } from "../sending/side-record.ts";
import { Mailbox } from "./mailbox.ts";
import { noticeKey, noticePrefix, readNoticeRecord, targetOfKey } from "./notice-record.ts";
import { findSubject } from "./notice-subject.ts";
import type { NoticeTarget } from "./notice-target.ts";
import type { TellerContext } from "./teller-context.ts";

/** Has the targets told of questions that were asked, expire soon and are decided. */
export class Teller implements Watcher {
  readonly #context: TellerContext;
  readonly #mailboxes: readonly Mailbox[];

  constructor(context: TellerContext, targets: readonly NoticeTarget[]) {
    const claims = new ClaimWatch(context.timeoutMs);
    this.#context = context;
    this.#mailboxes = targets.map((target) => new Mailbox(context, target, claims));
  }

  see(item: ListedItem): void {
    for (const mailbox of this.#mailboxes) mailbox.see(item);
  }

  /** Finds what somebody was told of and that waits no more: its end is to be told, or there is nothing left of it. */
  async sweep(items: readonly ListedItem[]): Promise<void> {
    const { store, ending, report } = this.#context;
    const waiting = await this.#waitingByKey(items);
    const unread = new Map<Mailbox, ListedItem[]>();
    for await (const { key } of store.list({ prefix: noticePrefix, signal: ending })) {
      const found = waiting.get(key);
      if (found === undefined) await unlessCorrupt(report, async () => await this.#recall(key));
      else if (found.mailbox.isNew(found.item)) {
        const known = unread.get(found.mailbox);
        if (known === undefined) unread.set(found.mailbox, [found.item]);
        else known.push(found.item);
      }
    }
    // Nobody waits for that: what has no record yet is told meanwhile.
    for (const [mailbox, some] of unread) {
      mailbox.readRecords(some).catch((error: unknown) => {
        if (!ending.aborted) report(error as Error);
      });
    }
  }

  async #waitingByKey(
    items: readonly ListedItem[],
  ): Promise<ReadonlyMap<string, { readonly mailbox: Mailbox; readonly item: ListedItem }>> {
    const found = new Map<string, { readonly mailbox: Mailbox; readonly item: ListedItem }>();
    for await (const some of inTurns(items)) {
      for (const item of some) {
        if (item.state !== "waiting") continue;
        for (const mailbox of this.#mailboxes) found.set(noticeKey(mailbox.target.name, item), { mailbox, item });
      }
    }
    return found;
  }

  async #recall(key: string): Promise<void> {
    const { store, ending } = this.#context;
    const options = { signal: ending };
    const stored = await readNoticeRecord(store, key, options);
    if (stored === undefined) return;
    const mailbox = this.#mailboxes.find(({ target }) => target.name === targetOfKey(key));
    if (mailbox !== undefined) mailbox.recall(stored.record);
    // The target is one of another inbox, or of an earlier configuration.
    else if ((await findSubject(this.#context, stored.record, ending)) === undefined) {
      await removeSideRecord(store, key, stored.version, options);
    }
  }
}
