import { setImmediate as letOthersRun, setTimeout as sleep } from "node:timers/promises";

import { CheckpointError } from "@holdpoint/core";

import { ClaimWatch } from "./claim-watch.ts";
import { Mailbox } from "./mailbox.ts";
import { noticeKey, noticePrefix, readRecord, removeRecord, targetOfKey } from "./notice-record.ts";
import { findSubject } from "./notice-subject.ts";
import type { NoticeTarget } from "./notice-target.ts";
import type { TellerContext } from "./teller-context.ts";

/** Records that no waiting question leads to are looked for so seldom: there may be many. */
const looksPerSweep = 30;
/** So many items are gone through before requests are looked at. */
const itemsAtOnce = 1_000;
/** After so many of its timeouts, an inbox that has begun to tell is taken for dead. */
const timeoutsPerLease = 3;

/** Looks for questions that were asked, expire soon and are decided, and has their targets told. */
export class Teller {
  readonly #context: TellerContext;
  readonly #mailboxes: readonly Mailbox[];

  constructor(context: TellerContext, targets: readonly NoticeTarget[]) {
    const claims = new ClaimWatch(timeoutsPerLease * context.timeoutMs);
    this.#context = context;
    this.#mailboxes = targets.map((target) => new Mailbox(context, target, claims));
  }

  /** Looks again and again until the inbox is closed. */
  async run(): Promise<void> {
    const { ending, report, lookEveryMs } = this.#context;
    for (let looks = 0; !ending.aborted; looks += 1) {
      try {
        await this.#look(looks % looksPerSweep === 0);
      } catch (error) {
        if (!ending.aborted) report(error as Error);
      }
      await sleep(lookEveryMs, undefined, { signal: ending, ref: false }).catch(() => undefined);
    }
  }

  async #look(sweeps: boolean): Promise<void> {
    const { items } = await this.#context.list.read();
    const waiting = new Set<string>();
    for (const [index, item] of items.entries()) {
      if (index % itemsAtOnce === itemsAtOnce - 1) await letOthersRun();
      for (const mailbox of this.#mailboxes) {
        mailbox.see(item);
        if (sweeps && item.state === "waiting") waiting.add(noticeKey(mailbox.target.name, item));
      }
    }
    if (sweeps) await this.#sweep(waiting);
  }

  /** Finds what somebody was told of and that waits no more: its end is to be told, or there is nothing left of it. */
  async #sweep(waiting: ReadonlySet<string>): Promise<void> {
    const { store, ending, report } = this.#context;
    for await (const { key } of store.list({ prefix: noticePrefix, signal: ending })) {
      if (waiting.has(key)) continue;
      try {
        await this.#recall(key);
      } catch (error) {
        if (!CheckpointError.is(error, "corrupt")) throw error;
        // One that nobody can read keeps no other from being found.
        report(error);
      }
    }
  }

  async #recall(key: string): Promise<void> {
    const { store, ending } = this.#context;
    const options = { signal: ending };
    const stored = await readRecord(store, key, options);
    if (stored === undefined) return;
    const mailbox = this.#mailboxes.find(({ target }) => target.name === targetOfKey(key));
    if (mailbox !== undefined) mailbox.recall(stored.record);
    // The target is one of another inbox, or of an earlier configuration.
    else if ((await findSubject(this.#context, stored.record, ending)) === undefined) {
      await removeRecord(store, key, stored.version, options);
    }
  }
}
