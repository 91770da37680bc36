import { InboxError } from "../inbox-error.ts";
import type { ListedItem } from "../listing/listed-item.ts";
import type { Labelled } from "../rules/access.ts";
import type { ClaimWatch } from "../sending/claim-watch.ts";
import { whyOf } from "../sending/send-failure.ts";
import { sendInTime } from "../sending/send-in-time.ts";
import { SendQueue } from "../sending/send-queue.ts";
import { removeSideRecord, unlessCorrupt, writeSideRecord } from "../sending/side-record.ts";
import { isMeantFor } from "../sending/target-options.ts";
import { makeNotice } from "./make-notice.ts";
import { expiresSoon, nextNotice } from "./next-notice.ts";
import type { NoticeRecord } from "./notice-record.ts";
import { noticeKey, readNoticeRecord } from "./notice-record.ts";
import type { FoundSubject, SubjectName } from "./notice-subject.ts";
import { findSubject, occasionOf } from "./notice-subject.ts";
import type { NoticeKind, NoticeTarget } from "./notice-target.ts";
import type { TellerContext } from "./teller-context.ts";

/** What of an item decides whether it is looked at. */
type SeenItem = Pick<ListedItem, "kind" | "id" | "state" | "openedAt" | "sequence" | "expiresAt" | "labels">;

/** So many records are read at a time. */
const recordsAtOnce = 50;

/** Stands for no phase of an item, so that it is looked at again. */
const lookAgain = "";

/**
 * One target, and what it is still to be told.
 *
 * What it was told stands in a record of its own beside each question, never in the hold, where a write would void
 * somebody's claim. Before something is told, the record says so under a condition, so that of several inboxes one
 * tells; if that one dies before it says that it did, another tells again. A record is there from the time that a
 * question is first seen waiting until its end was told or its stub is all that is left.
 */
export class Mailbox {
  readonly target: NoticeTarget;
  readonly #context: TellerContext;
  readonly #claims: ClaimWatch;
  readonly #queue: SendQueue<SubjectName>;
  /** What has a record, and in which phase it was when it was looked at. */
  readonly #phases = new Map<string, string>();
  /** What has a record that is still to be read, of a time before this inbox. */
  readonly #unread = new Set<string>();

  constructor(context: TellerContext, target: NoticeTarget, claims: ClaimWatch) {
    this.target = target;
    this.#context = context;
    this.#claims = claims;
    this.#queue = new SendQueue(
      async (name) => await this.#tell(name),
      (error, name, retryMs) => this.#report(error, name, retryMs),
      context.ending,
    );
  }

  /** Takes an item as it was listed, where there may be something to tell of it. */
  see(item: SeenItem): void {
    const name = nameOf(item);
    if (this.#unread.has(name)) return;
    const phase = this.#phases.get(name);
    // Of what had ended before it was seen, nobody knows.
    if (item.state !== "waiting" && phase === undefined) return;
    if (phase !== this.#phaseOf(item) && this.#isFor(item)) this.recall(item);
  }

  /** Whether it is not known yet of what waits how far it was told. */
  isNew(item: SeenItem): boolean {
    return !this.#phases.has(nameOf(item));
  }

  /**
   * Reads what was told of questions that have records, many at a time. It mostly was told: only of the others, the
   * questions are read. Until then, {@link see} passes over them, so that a new question is told before they are read.
   *
   * @throws {CheckpointError} what the store throws; they are then taken as any others
   */
  async readRecords(items: readonly SeenItem[]): Promise<void> {
    for (const item of items) this.#unread.add(nameOf(item));
    try {
      for (let start = 0; start < items.length && !this.#context.ending.aborted; start += recordsAtOnce) {
        const some = items.slice(start, start + recordsAtOnce);
        await Promise.all(some.map(async (item) => await this.#readRecord(item)));
        for (const item of some) this.#unread.delete(nameOf(item));
      }
    } finally {
      this.#unread.clear();
    }
  }

  async #readRecord(item: SeenItem): Promise<void> {
    const { store, ending, report } = this.#context;
    const key = noticeKey(this.target.name, item);
    const stored = await unlessCorrupt(report, async () => await readNoticeRecord(store, key, { signal: ending }));
    if (stored === undefined || stored.record.sending !== undefined) return;
    const { occasion, told } = stored.record;
    const subject = { ...item, isWaiting: true };
    if (occasion !== occasionOf(item)) return;
    if (nextNotice(subject, told, this.target.notices, this.#soon()) === undefined) {
      this.#phases.set(nameOf(item), this.#phaseOf({ ...item, state: "waiting" }));
    }
  }

  /** Takes what has a record, whatever is known of it. */
  recall(name: SubjectName): void {
    this.#queue.offer(nameOf(name), name);
  }

  #isFor(item: Labelled): boolean {
    return isMeantFor(this.target, item, this.#context.access);
  }

  #phaseOf(item: SeenItem): string {
    const state = item.state !== "waiting" ? "ended" : expiresSoon(item, this.#soon()) ? "expiring" : "waiting";
    return `${state} ${item.openedAt?.getTime() ?? ""}`;
  }

  #soon(): { readonly now: Date; readonly remindBeforeMs: number } {
    return { now: this.#context.now(), remindBeforeMs: this.#context.remindBeforeMs };
  }

  async #tell(name: SubjectName): Promise<void> {
    const { store, ending, timeoutMs } = this.#context;
    const key = noticeKey(this.target.name, name);
    const stored = await readNoticeRecord(store, key, { signal: ending });
    if (this.#claims.isBeingSent(key, stored)) {
      this.#phases.set(nameOf(name), lookAgain);
      return;
    }
    const subject = await findSubject(this.#context, name, ending);
    if (subject !== undefined && !this.#isFor(subject)) return;
    const known = stored?.record.occasion === subject?.occasion ? stored?.record : undefined;
    const notice = subject === undefined ? undefined : this.#next(known, subject);
    if (subject === undefined || (notice === undefined && !subject.isWaiting)) {
      await this.#forget(name, key, stored?.version);
      return;
    }
    const { kind, id } = name;
    const record: NoticeRecord = { kind, id, occasion: subject.occasion, told: [...toldBy(known, subject)] };
    if (notice === undefined) {
      // That it was seen waiting is kept, for those who want to hear of its end alone.
      const isKept = known !== undefined || (await this.#write(key, record, stored?.version)) !== undefined;
      if (isKept) this.#remember(name, subject);
      return;
    }
    const claimed = { ...record, sending: { notice, claim: this.#claims.next() } };
    const version = await this.#write(key, claimed, stored?.version);
    if (version === undefined) {
      // Another inbox was first.
      this.#phases.set(nameOf(name), lookAgain);
      return;
    }
    try {
      const { target } = this;
      const made = makeNotice(this.#context, target, notice, subject);
      await sendInTime(async (signal) => await target.send(made, signal), timeoutMs, ending);
    } catch (error) {
      await this.#write(key, record, version);
      throw error;
    }
    if (notice === "decided") {
      await this.#forget(name, key, version);
      return;
    }
    // Whoever hears of a question shortly before its end hears of both.
    const both = notice === "opened" && expiresSoon(subject, this.#soon());
    const added: readonly NoticeKind[] = both ? ["opened", "expiring"] : [notice];
    const noted = await this.#write(key, { ...record, told: [...record.told, ...added] }, version);
    if (noted !== undefined) this.#remember(name, subject);
  }

  #next(known: NoticeRecord | undefined, subject: FoundSubject): NoticeKind | undefined {
    if (known === undefined && !subject.isWaiting) return undefined;
    return nextNotice(subject, toldBy(known, subject), this.target.notices, this.#soon());
  }

  #remember(name: SubjectName, subject: FoundSubject): void {
    this.#phases.set(nameOf(name), this.#phaseOf({ ...subject, state: "waiting" }));
  }

  async #forget(name: SubjectName, key: string, version: string | undefined): Promise<void> {
    const { store, ending } = this.#context;
    if (version !== undefined) await removeSideRecord(store, key, version, { signal: ending });
    this.#phases.delete(nameOf(name));
  }

  async #write(key: string, record: NoticeRecord, ifVersion: string | undefined): Promise<string | undefined> {
    return await writeSideRecord(this.#context.store, key, record, ifVersion, { signal: this.#context.ending });
  }

  #report(error: unknown, { kind, id }: SubjectName, retryMs: number): void {
    const what = `Telling ${JSON.stringify(this.target.name)} of the ${kind} ${JSON.stringify(id)} failed`;
    const when = `It is tried again in ${Math.ceil(retryMs / 1_000)} s`;
    this.#context.report(new InboxError("not-told", `${what}: ${whyOf(error)}. ${when}.`));
  }
}

/** What was told. Of what somebody died over, it is not known: so it is told again, and whoever may know hears the end. */
function toldBy(record: NoticeRecord | undefined, { isWaiting }: FoundSubject): readonly NoticeKind[] {
  if (record === undefined) return [];
  const { told, sending } = record;
  return isWaiting || sending === undefined ? told : [...told, sending.notice];
}

function nameOf({ kind, id }: SubjectName): string {
  return `${kind} ${id}`;
}
