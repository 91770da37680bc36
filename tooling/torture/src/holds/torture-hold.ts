import { setTimeout as sleep } from "node:timers/promises";

import type { Random } from "../random.ts";
import { countOne } from "../torture-counts.ts";
import type { HoldCounts } from "./hold-counts.ts";
import type { HoldFailure, HoldOrder, HoldReport } from "./hold-order.ts";
import type { HoldPlan } from "./hold-plan.ts";
import { HoldRecord } from "./hold-record.ts";
import type { HoldWorker, HoldWorkerPool } from "./hold-worker-pool.ts";
import type { Payee } from "./payee.ts";

// Each is an error, a kill or a doubt that was settled.
const maxRuns = 200;
const maxBackoffMs = 500;

/** Answers that no further delivery would change. */
const finalRefusals = new Set(["already-answered", "canceled", "expired"]);

/** What a hold needs of its surroundings. */
export interface HoldSurroundings {
  readonly workers: HoldWorkerPool;
  readonly payee: Payee;
  readonly counts: HoldCounts;
  /** Told of every order, and may kill or stop the process that it is for. */
  readonly onOrder: (worker: HoldWorker, order: HoldOrder) => void;
  /** Told of every order that succeeds. */
  readonly onSuccess: () => void;
}

/** One hold with the programs that act on it, the people who answer, and whoever settles what is in doubt. */
export class TortureHold {
  readonly plan: HoldPlan;
  readonly record: HoldRecord;
  readonly #random: Random;
  readonly #surroundings: HoldSurroundings;
  readonly #asked = Promise.withResolvers<void>();
  #settling: Promise<void> | undefined;

  constructor(plan: HoldPlan, random: Random, surroundings: HoldSurroundings) {
    this.plan = plan;
    this.record = new HoldRecord(plan);
    this.#random = random;
    this.#surroundings = surroundings;
  }

  /** Resolves once nobody does anything with the hold any more. */
  async run(): Promise<void> {
    const { programs, programsAfterwards, answers } = this.plan;
    this.record.note(`plan ${JSON.stringify(this.plan)}`);
    await Promise.all([
      ...Array.from({ length: programs }, async (_, index) => await this.#program(`program ${index + 1}`)),
      ...answers.map(async ({ by, decision, delayMs, isRepeated }) => {
        await this.#asked.promise;
        await sleep(delayMs);
        await this.#answer(by, decision);
        if (!isRepeated) return;
        this.#surroundings.counts.repeatedAnswers += 1;
        await this.#answer(by, decision);
      }),
    ]);
    for (let run = 1; run <= programsAfterwards; run += 1) {
      this.#surroundings.counts.programsAfterwards += 1;
      await this.#program(`program ${programs + run}`);
    }
  }

  /** Runs a program from the top until it comes to an end. */
  async #program(name: string): Promise<void> {
    const { id, approvals, expiry, whenInDoubt, leaseMs, workMs } = this.plan;
    const order: HoldOrder = { step: "run", id, approvals, expiry, whenInDoubt, leaseMs, workMs };
    for (let run = 0; run < maxRuns; run += 1) {
      const report = await this.#order(name, order);
      if (report === undefined) continue;
      this.record.program(report);
      if (report.asked !== undefined) this.#asked.resolve();
      if (report.error === undefined) return;
      if (isStrange(report.error)) break;
      if (report.error.code === "in-doubt") {
        this.#surroundings.counts.doubts += 1;
        if (whenInDoubt === "stop") await this.#settle();
        continue;
      }
      if (report.error.code === "claim-lost") this.#surroundings.counts.claimsLost += 1;
      // Those who answer are on their way.
      await this.#pause(report.error.code === "not-answered" ? 0 : run);
    }
    // People need not wait for a question that nobody can ask.
    this.#asked.resolve();
    this.record.note(`${name} was given up`);
  }

  async #answer(by: string, decision: "approve" | "reject"): Promise<void> {
    const { counts } = this.#surroundings;
    counts.answers += 1;
    for (let attempt = 0; attempt < maxRuns; attempt += 1) {
      const report = await this.#order(by, { step: "answer", id: this.plan.id, decision, by });
      if (report?.outcome !== undefined) {
        counts.counted += report.outcome === "found" ? 0 : 1;
        this.record.answer(by, decision, report.outcome);
        return;
      }
      const code = report?.error?.code ?? "";
      if (finalRefusals.has(code)) {
        countOne(counts.refusals, code);
        return;
      }
      await this.#pause(attempt);
    }
    this.record.note(`${by} was given up`);
  }

  /** Somebody looks into the payee's books and says what happened; one at a time. */
  async #settle(): Promise<void> {
    this.#settling ??= this.#lookAndSettle().finally(() => {
      this.#settling = undefined;
    });
    await this.#settling;
  }

  async #lookAndSettle(): Promise<void> {
    const { id } = this.plan;
    const { payee, counts } = this.#surroundings;
    for (let look = 0; look < maxRuns; look += 1) {
      const seen = (await this.#order("auditor", { step: "look", id }))?.seen;
      if (seen !== undefined && seen.state !== "in-doubt") return;
      if (seen?.attempt !== undefined) {
        const applied = payee.look(id, seen.attempt);
        const report = await this.#order("auditor", { step: "settle", id, applied, attempt: seen.attempt });
        if (report?.outcome !== undefined) counts[applied ? "settledApplied" : "settledNotApplied"] += 1;
        if (report?.outcome !== undefined || report?.error?.code === "not-in-doubt") return;
      }
      await this.#pause(look);
    }
  }

  /** Hands an order to a worker; `undefined` if that one went away. */
  async #order(who: string, order: HoldOrder): Promise<HoldReport | undefined> {
    const { workers, counts, onOrder, onSuccess } = this.#surroundings;
    counts.orders += 1;
    let name = "";
    const report = await workers.order(order, (worker) => {
      ({ name } = worker);
      onOrder(worker, order);
    });
    const { asked, outcome, ran, receipt, seen, error } = report ?? {};
    const told = JSON.stringify({ asked, outcome, ran, receipt, seen, error: error?.code ?? error?.name });
    this.record.note(`${who}: ${order.step} <- ${name} ${report === undefined ? "went away" : told}`);
    if (error === undefined) {
      if (report !== undefined) onSuccess();
    } else {
      this.#count(error);
    }
    return report;
  }

  #count(error: HoldFailure): void {
    const { counts } = this.#surroundings;
    if (error.isUnknown) counts.unknown += 1;
    countOne(counts.errors, error.code ?? error.name);
    if (isStrange(error)) this.record.double(`somebody was told ${error.name}: ${error.message}`);
  }

  async #pause(attempt: number): Promise<void> {
    await sleep(Math.min(maxBackoffMs, 10 * 2 ** attempt) * this.#random.fraction());
  }
}

/** Refusals are part of the game, and so is a store that cannot be reached; anything else is a fault of the code. */
function isStrange({ name, code }: HoldFailure): boolean {
  return code === undefined ? name !== "NotApplied" : code === "corrupt" || code === "invalid-argument";
}
