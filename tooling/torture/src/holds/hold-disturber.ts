import { setTimeout as sleep } from "node:timers/promises";

import type { Random } from "../random.ts";
import type { HoldCounts } from "./hold-counts.ts";
import type { HoldOrder, PaymentAnswer } from "./hold-order.ts";
import type { HoldWorker, HoldWorkerPool } from "./hold-worker-pool.ts";

const maxDownMs = 150;
const maxInstantMs = 40;
/** Within `act` a kill or a stop tells most. */
const paymentsShare = 0.25;

/** How often a {@link HoldDisturber} does something. */
export interface HoldDisturberOptions {
  /** 0 is never. */
  readonly ordersPerKill: number;
  /** 0 is never. */
  readonly programsPerStop: number;
  readonly leaseMs: number;
  readonly random: Random;
  readonly counts: HoldCounts;
}

/** Kills and stops processes that have just been handed an order, or that are about to pay. */
export class HoldDisturber {
  /** Nothing is disturbed before they are there. */
  workers: HoldWorkerPool | undefined;
  readonly #options: HoldDisturberOptions;
  readonly #kill: () => boolean;
  readonly #killAtPayment: () => boolean;
  readonly #stop: () => boolean;
  readonly #stopAtPayment: () => boolean;

  constructor(options: HoldDisturberOptions) {
    this.#options = options;
    this.#kill = this.#every(options.ordersPerKill);
    this.#killAtPayment = this.#every(Math.ceil(options.ordersPerKill * paymentsShare));
    this.#stop = this.#every(options.programsPerStop);
    this.#stopAtPayment = this.#every(Math.ceil(options.programsPerStop * paymentsShare));
  }

  /** To be told of each order. */
  order(worker: HoldWorker, { step }: HoldOrder): void {
    const { random } = this.#options;
    if (this.#kill()) this.#killAfter(worker, random.fraction() ** 2 * maxInstantMs);
    if (step === "run" && this.#stop()) void this.#stopAfter(worker, random.fraction() * maxInstantMs);
  }

  /**
   * Lets a payment happen, and perhaps kills whoever asked for it: before it, after it, or after its answer; or stops
   * them, so that they hear of it late.
   */
  payment(worker: HoldWorker, pay: () => PaymentAnswer): PaymentAnswer | undefined {
    if (this.#stopAtPayment()) void this.#stopAfter(worker, 0);
    if (!this.#killAtPayment()) return pay();
    const { random, counts } = this.#options;
    const instant = random.integer(1, 3);
    if (instant === 3) this.#killAfter(worker, random.integer(0, 20));
    const answer = instant === 1 ? undefined : pay();
    if (instant === 3) return answer;
    if (this.workers?.killAndRestart(worker, random.integer(0, maxDownMs)) !== true) return answer ?? pay();
    counts.killsWithinAct += 1;
    return undefined;
  }

  async #stopAfter(worker: HoldWorker, ms: number): Promise<void> {
    const { random, leaseMs } = this.#options;
    // Mostly somebody has decided by then.
    const forMs = leaseMs * (1.2 + 2.8 * random.fraction());
    if (ms > 0) await sleep(ms);
    await this.workers?.stopFor(worker, forMs);
  }

  #killAfter(worker: HoldWorker, ms: number): void {
    const downMs = this.#options.random.integer(0, maxDownMs);
    void sleep(ms).then(() => this.workers?.killAndRestart(worker, downMs));
  }

  /** True once in so many times, on average, and later if too few processes run. */
  #every(times: number): () => boolean {
    const { random } = this.#options;
    let left = random.integer(1, times);
    return () => {
      if (times === 0) return false;
      left -= 1;
      if (left > 0 || this.workers?.isWhole !== true) return false;
      left = random.integer(1, 2 * times);
      return true;
    };
  }
}
