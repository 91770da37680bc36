import { createHash, randomUUID } from "node:crypto";
import { setImmediate as letOthersRun, setTimeout as sleep } from "node:timers/promises";

import type { PauseLedger } from "@holdpoint/asya";
import type { CheckpointStore } from "@holdpoint/core";
import type { Holds } from "@holdpoint/core/holds";

import type { InboxContext } from "../inbox-context.ts";
import { itemPath } from "../inbox-context.ts";
import { InboxError } from "../inbox-error.ts";
import { signLink } from "../link/sign-link.ts";
import type { ItemList } from "../listing/item-list.ts";
import type { ListedItem } from "../listing/listed-item.ts";
import { expiresSoon, nextNotice } from "./next-notice.ts";
import { NoticeFailure } from "./notice-failure.ts";
import type { NoticeOptions } from "./notice-options.ts";
import type { NoticeRecord, StoredRecord } from "./notice-record.ts";
import { noticeKey, noticePrefix, readRecord, removeRecord, targetOfKey, writeRecord } from "./notice-record.ts";
import type { FoundSubject, SubjectName } from "./notice-subject.ts";
import { findSubject } from "./notice-subject.ts";
import type { Notice, NoticeKind, NoticeTarget } from "./notice-target.ts";
import { TargetQueue } from "./target-queue.ts";

/** What telling works with. */
export interface TellerContext extends Pick<InboxContext, "url" | "base" | "linkKeys" | "now" | "report" | "ending"> {
  readonly store: CheckpointStore;
  readonly holds: Holds;
  readonly ledger: PauseLedger;
  readonly list: ItemList;
}

/** A link that is signed for somebody leads there for so long where the question does not end sooner. */
const linkMs = 7 * 86_400_000;
/** Records that no listed question leads to are looked for so seldom: there may be many. */
const looksPerSweep = 30;
/** So many items are gone through before requests are looked at. */
const itemsAtOnce = 1_000;
/** Stands for no phase of an item, so that it is offered again. */
const lookAgain = "";

/**
 * Tells targets of questions that were asked, expire soon and are decided.
 *
 * What was told to whom stands in a record of its own beside each question, never in the hold, where a write would void
 * somebody's claim. Before something is told, the record says so under a condition, so that of several inboxes one
 * tells; if that one dies before it says that it did, another tells again. A record is there from the time that a
 * question is first seen waiting until its end was told or its stub is all that is left.
 */
export class Teller {
  readonly #context: TellerContext;
  readonly #options: NoticeOptions;
  readonly #remindBeforeMs: number;
  readonly #timeoutMs: number;
  readonly #me = randomUUID();
  #claims = 0;
  readonly #mailboxes: readonly Mailbox[];
  /** What others are telling, and since when its record has been as it is, by this process's clock. */
  readonly #watched = new Map<string, { readonly version: string; readonly since: number }>();

  constructor(context: TellerContext, options: NoticeOptions) {
    this.#context = context;
    this.#options = options;
    this.#remindBeforeMs = options.remindBeforeMs ?? 3_600_000;
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    this.#mailboxes = options.targets.map((target) => {
      const looked = new Map<string, string>();
      const queue = new TargetQueue(
        async (name) => await this.#tell({ target, looked }, name),
        (error, name, retryMs) => this.#reportFailure(target, error, name, retryMs),
        context.ending,
      );
      return { target, looked, queue };
    });
  }

  /** Looks for what is to be told, again and again until the inbox is closed. */
  async run(): Promise<void> {
    const { ending, report } = this.#context;
    for (let looks = 0; !ending.aborted; looks += 1) {
      try {
        await this.#look(looks % looksPerSweep === 0);
      } catch (error) {
        if (!ending.aborted) report(error as Error);
      }
      await sleep(this.#options.lookEveryMs ?? 10_000, undefined, { signal: ending, ref: false }).catch(
        () => undefined,
      );
    }
  }

  async #look(sweeps: boolean): Promise<void> {
    const { items } = await this.#context.list.read();
    const waiting = new Set<string>();
    for (const [index, item] of items.entries()) {
      if (index % itemsAtOnce === itemsAtOnce - 1) await letOthersRun();
      for (const { target, looked, queue } of this.#mailboxes) {
        if (!wants(target, item)) continue;
        const name = nameOf(item);
        // A question that had ended before anybody was told of it is of no interest.
        if (item.state !== "waiting" && !looked.has(name)) continue;
        if (sweeps && item.state === "waiting") waiting.add(noticeKey(target.name, item));
        if (looked.get(name) !== this.#phaseOf(item)) queue.offer(item);
      }
    }
    if (sweeps) await this.#sweep(waiting);
  }

  /** Finds what somebody was told of and that waits no more: its end is to be told, or there is nothing left of it. */
  async #sweep(waiting: ReadonlySet<string>): Promise<void> {
    const { store, ending } = this.#context;
    for await (const { key } of store.list({ prefix: noticePrefix, signal: ending })) {
      if (waiting.has(key)) continue;
      const stored = await readRecord(store, key, { signal: ending });
      if (stored === undefined) continue;
      const mailbox = this.#mailboxes.find(({ target }) => target.name === targetOfKey(key));
      if (mailbox !== undefined) mailbox.queue.offer(stored.record);
      else if ((await findSubject(this.#context, stored.record, ending)) === undefined) {
        // The target is one of another inbox, or of an earlier configuration.
        await removeRecord(store, key, stored.version, { signal: ending });
      }
    }
  }

  /** What of an item, when it changes, is a reason to look at it again. */
  #phaseOf(item: ListedItem): string {
    const soon = { now: this.#context.now(), remindBeforeMs: this.#remindBeforeMs };
    const state = item.state !== "waiting" ? "ended" : expiresSoon(item, soon) ? "expiring" : "waiting";
    return `${state} ${item.openedAt?.getTime() ?? ""}`;
  }

  async #tell({ target, looked }: Pick<Mailbox, "target" | "looked">, name: SubjectName): Promise<void> {
    const { store, ending, now } = this.#context;
    const key = noticeKey(target.name, name);
    const stored = await readRecord(store, key, { signal: ending });
    if (this.#isBeingTold(key, stored)) {
      looked.set(nameOf(name), lookAgain);
      return;
    }
    const subject = await findSubject(this.#context, name, ending);
    if (subject === undefined) {
      looked.delete(nameOf(name));
      if (stored !== undefined) await removeRecord(store, key, stored.version, { signal: ending });
      return;
    }
    if (!wants(target, subject)) return;
    const known = stored?.record.occasion === subject.occasion ? stored.record : undefined;
    const told = known === undefined ? [] : toldBy(known, subject);
    const soon = { now: now(), remindBeforeMs: this.#remindBeforeMs };
    const notice =
      known === undefined && !subject.isWaiting ? undefined : nextNotice(subject, told, target.notices, soon);
    const record: NoticeRecord = { kind: name.kind, id: name.id, occasion: subject.occasion, told: [...told] };
    if (notice === undefined) {
      if (!subject.isWaiting) {
        looked.delete(nameOf(name));
        if (stored !== undefined) await removeRecord(store, key, stored.version, { signal: ending });
        return;
      }
      // That it was seen waiting is kept, for those who are told of its end alone.
      const isKept = known !== undefined || (await this.#write(key, record, stored?.version)) !== undefined;
      if (isKept) this.#remember(looked, name, subject);
      return;
    }
    const version = await this.#write(key, { ...record, sending: this.#claim(notice) }, stored?.version);
    if (version === undefined) {
      // Another inbox was first.
      looked.set(nameOf(name), lookAgain);
      return;
    }
    try {
      await this.#send(target, this.#noticeOf(target, notice, subject));
    } catch (error) {
      await this.#write(key, record, version);
      throw error;
    }
    if (notice === "decided") {
      looked.delete(nameOf(name));
      await removeRecord(store, key, version, { signal: ending });
      return;
    }
    // Whoever hears of a question in its last hour hears that too, and not again at once.
    const both = notice === "opened" && expiresSoon(subject, soon);
    const added: readonly NoticeKind[] = both ? ["opened", "expiring"] : [notice];
    const noted = await this.#write(key, { ...record, told: [...told, ...added] }, version);
    if (noted !== undefined) this.#remember(looked, name, subject);
  }

  #remember(looked: Map<string, string>, name: SubjectName, { openedAt, expiresAt }: FoundSubject): void {
    const item = { ...name, state: "waiting", openedAt, expiresAt } as ListedItem;
    looked.set(nameOf(name), this.#phaseOf(item));
  }

  async #write(key: string, record: NoticeRecord, ifVersion: string | undefined): Promise<string | undefined> {
    return await writeRecord(this.#context.store, key, record, ifVersion, { signal: this.#context.ending });
  }

  #claim(notice: NoticeKind): NoticeRecord["sending"] {
    this.#claims += 1;
    return { notice, claim: `${this.#me} ${this.#claims}` };
  }

  /** Whether another inbox is at it, as far as one may still believe that it lives. */
  #isBeingTold(key: string, stored: StoredRecord | undefined): boolean {
    const claim = stored?.record.sending?.claim;
    if (stored === undefined || claim === undefined || claim.startsWith(this.#me)) {
      this.#watched.delete(key);
      return false;
    }
    const seen = this.#watched.get(key);
    if (seen?.version === stored.version) return performance.now() - seen.since < 3 * this.#timeoutMs;
    this.#watched.set(key, { version: stored.version, since: performance.now() });
    return true;
  }

  #noticeOf(target: NoticeTarget, kind: NoticeKind, subject: FoundSubject): Notice {
    const { occasion, ...about } = subject;
    const idOf = (of: string): string => {
      const what = JSON.stringify([target.name, about.kind, about.id, occasion, of]);
      return `notice_${createHash("sha256").update(what).digest("hex").slice(0, 32)}`;
    };
    const first = (target.notices ?? ["opened"]).includes("opened") ? "opened" : (target.notices?.[0] ?? kind);
    return {
      kind,
      id: idOf(kind),
      threadId: idOf(first),
      subject: about,
      url: this.#linkFor(target, about),
      at: this.#context.now(),
    };
  }

  #linkFor({ link }: NoticeTarget, { kind, id, isWaiting, expiresAt }: Notice["subject"]): string {
    const { url, base, linkKeys, now } = this.#context;
    if (link === undefined || kind === "task") return new URL(itemPath({ base }, kind, id), url).href;
    const week = new Date(now().getTime() + linkMs);
    return signLink(
      { url, keys: linkKeys },
      {
        id,
        person: link.person,
        right: isWaiting ? link.right : "look",
        expiresAt: isWaiting && expiresAt !== undefined ? expiresAt : week,
      },
    );
  }

  async #send(target: NoticeTarget, notice: Notice): Promise<void> {
    const { ending } = this.#context;
    const late = AbortSignal.timeout(this.#timeoutMs);
    const signal = AbortSignal.any([ending, late]);
    const aborted = Promise.withResolvers<never>();
    // A target of somebody's own may not heed the signal.
    const abort = (): void => aborted.reject(new NoticeFailure("it did not answer in time"));
    signal.addEventListener("abort", abort, { once: true });
    try {
      await Promise.race([target.send(notice, signal), aborted.promise]);
    } catch (error) {
      throw late.aborted ? new NoticeFailure("it did not answer in time") : error;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #reportFailure({ name }: NoticeTarget, error: unknown, { kind, id }: SubjectName, retryMs: number): void {
    const what = `Telling ${JSON.stringify(name)} of the ${kind} ${JSON.stringify(id)} failed`;
    const why = error instanceof Error ? error.message.replace(/\.$/u, "") : "it threw no error";
    const when = `It is tried again in ${Math.ceil(retryMs / 1_000)} s`;
    this.#context.report(new InboxError("not-told", `${what}: ${why}. ${when}.`));
  }
}

/** One target with what it is still to be told. */
interface Mailbox {
  readonly target: NoticeTarget;
  readonly queue: TargetQueue;
  /** What has a record here, and what of it had been looked at. */
  readonly looked: Map<string, string>;
}

/** What was told. Of what somebody died over, it is not known: so it is told again, and whoever may know hears the end. */
function toldBy({ told, sending }: NoticeRecord, { isWaiting }: FoundSubject): readonly NoticeKind[] {
  return isWaiting || sending === undefined ? told : [...told, sending.notice];
}

function wants({ labels }: NoticeTarget, item: Pick<ListedItem, "labels">): boolean {
  if (labels === undefined) return true;
  return Object.entries(item.labels).some(
    ([name, value]) => labels.includes(`${name}=${value}`) || labels.includes(`${name}=*`),
  );
}

function nameOf({ kind, id }: SubjectName): string {
  return `${kind} ${id}`;
}
