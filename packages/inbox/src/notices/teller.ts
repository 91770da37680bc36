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
    const waiting = await this.#keysOfWaiting(items);
    for await (const { key } of store.list({ prefix: noticePrefix, signal: ending })) {
      if (waiting.has(key)) continue;
      await unlessCorrupt(report, async () => await this.#recall(key));
    }
  }

  async #keysOfWaiting(items: readonly ListedItem[]): Promise<ReadonlySet<string>> {
    const keys = new Set<string>();
    for await (const some of inTurns(items)) {
      for (const item of some) {
        if (item.state !== "waiting") continue;
        for (const { target } of this.#mailboxes) keys.add(noticeKey(target.name, item));
      }
    }
    return keys;
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
