import type { HoldDetails } from "@holdpoint/core/holds";

import { Story } from "../story.ts";
import type { HoldReport, Payment } from "./hold-order.ts";
import type { HoldPlan } from "./hold-plan.ts";

const ends = new Set(["done", "rejected", "canceled", "expired"]);

/** What is wrong with one hold, by kind; a line for each. */
export interface HoldFaults {
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  /** Payments under another key than the first. */
  readonly otherKeys: number;
}

/** What was told about one hold, and the story that led there. */
export class HoldRecord {
  readonly #plan: HoldPlan;
  #opened = 0;
  /** By person: what counts, as they were told. */
  readonly #counting = new Map<string, string>();
  readonly #decisive = new Set<string>();
  readonly #ends = new Set<string>();
  #ran = 0;
  readonly #doubled: string[] = [];
  readonly #story = new Story();

  constructor(plan: HoldPlan) {
    this.#plan = plan;
  }

  /** Notes what a program was told. */
  program({ asked, outcome, ran, receipt }: HoldReport): void {
    if (asked === "opened") this.#opened += 1;
    if (outcome === undefined) return;
    if (ran === true) this.#ran += 1;
    // Once it was pruned, the end alone is known.
    this.#ends.add(outcome === "done" && receipt !== "pruned" ? `done: ${String(receipt)}` : outcome);
  }

  /** Notes what a person was told. */
  answer(by: string, decision: string, outcome: string): void {
    this.#counting.set(by, decision);
    if (outcome === "answered") this.#decisive.add(by);
  }

  /** Notes something that must not be, and is no matter of what is stored in the end. */
  double(what: string): void {
    this.#doubled.push(what);
  }

  /** What is wrong, by what was told, what the payee has in its books, and what is stored in the end. */
  judge(stored: HoldDetails | null, payments: readonly Payment[]): HoldFaults {
    const { whenInDoubt } = this.#plan;
    const lost: string[] = [];
    const doubled = [...this.#doubled];
    const state = stored?.state ?? "gone";
    if (!ends.has(state)) lost.push(`it has not ended: it is ${state}`);
    const [end = "nothing", ...otherEnds] = [...this.#ends].filter((each) => each !== "done");
    if (otherEnds.length > 0) doubled.push(`its programs were told of several ends: ${end}, ${otherEnds.join(", ")}`);
    const storedEnd = state === "done" ? `done: ${String(stored?.omitted ?? stored?.receipt)}` : state;
    if (ends.has(state) && end !== "nothing" && end !== storedEnd) lost.push(`it was ${end}, and is ${storedEnd}`);
    const answers = new Map(
      [stored?.answer, ...(stored?.votes ?? [])].flatMap((each) =>
        each === undefined ? [] : [[typeof each.by === "string" ? each.by : each.by.subject, each.decision]],
      ),
    );
    for (const [by, decision] of this.#counting) {
      // Votes that did not suffice in time are not kept.
      if (state === "expired" && !this.#decisive.has(by)) continue;
      if (answers.get(by) !== decision) lost.push(`${by} was told that ${decision} counts, and it does not`);
    }
    if (this.#opened > 1) doubled.push(`it was asked ${this.#opened} times`);
    if (this.#decisive.size > 1) doubled.push(`it was decided by ${[...this.#decisive].join(" and by ")}`);
    if (this.#ran > 1) doubled.push(`${this.#ran} programs were told that theirs is the receipt`);
    if (state === "done" && payments.length === 0) lost.push("it is done, and nothing was paid");
    if (state !== "done" && payments.length > 0) doubled.push(`it is ${state}, and something was paid`);
    if (whenInDoubt === "stop" && payments.length > 1) doubled.push(`it was paid ${payments.length} times`);
    const keys = new Set(payments.map(({ key }) => key));
    return { lost, doubled, otherKeys: Math.max(0, keys.size - 1) };
  }

  /** Adds a line to the hold's story. */
  note(event: string): void {
    this.#story.note(event);
  }

  /** Everything that was noted, in order. */
  get story(): string {
    return this.#story.text;
  }
}
