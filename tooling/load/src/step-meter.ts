import type { ResourcePeaks, ResourceWatch } from "./resource-watch.ts";
import type { WaitSummary } from "./waiting-times.ts";
import { WaitingTimes } from "./waiting-times.ts";

/** One step of a run: what is done to every task before the next thing is done to any. */
export interface LoadStep {
  readonly name: "pause" | "resume" | "list" | "prune";
  /** To how many tasks it was done as it should be. */
  readonly succeeded: number;
  readonly durationMs: number;
  /** How long each operation took; in a listing or a prune, from one task to the next. */
  readonly waitMs: WaitSummary;
  /** How many others were done, at most, while one was under way: whoever waits its turn in order is passed by few. */
  readonly mostPassed: number;
  readonly peaks: ResourcePeaks;
  /** Memory in use once nothing was under way any more. */
  readonly leftBytes: number;
}

/** When something was begun. */
export interface StepMoment {
  readonly at: number;
  readonly done: number;
}

const keptProblems = 5;
const collections = 8;

/** Measures one step while it runs. */
export class StepMeter {
  /** The first things that went wrong. */
  readonly problems: string[] = [];
  readonly #name: LoadStep["name"];
  readonly #watch: ResourceWatch;
  readonly #waits: WaitingTimes;
  readonly #collectEvery: number;
  readonly #startedAt = performance.now();
  #last: StepMoment = { at: this.#startedAt, done: 0 };
  #done = 0;
  #succeeded = 0;
  #mostPassed = 0;

  constructor(name: LoadStep["name"], documents: number, watch: ResourceWatch) {
    this.#name = name;
    this.#watch = watch;
    this.#waits = new WaitingTimes(documents);
    this.#collectEvery = Math.ceil(documents / collections);
  }

  get done(): number {
    return this.#done;
  }

  /** To be handed to {@link count} once what begins now is done. */
  now(): StepMoment {
    return { at: performance.now(), done: this.#done };
  }

  /**
   * Counts what was done to one task.
   *
   * @param problem what was wrong with it, if anything
   * @param since when it was begun, which in a sequence is when the one before was counted
   */
  count(problem: string | undefined, since: StepMoment = this.#last): void {
    this.#waits.add(performance.now() - since.at);
    this.#mostPassed = Math.max(this.#mostPassed, this.#done - since.done);
    this.#done += 1;
    if (problem === undefined) this.#succeeded += 1;
    else if (this.problems.length < keptProblems) this.problems.push(`${this.#name}: ${problem}`);
    // By tasks and not by time, so that a short step is looked at as well.
    if (this.#done % this.#collectEvery === 0) this.#watch.collect();
    this.#last = this.now();
  }

  finish(): LoadStep {
    const durationMs = performance.now() - this.#startedAt;
    const leftBytes = this.#watch.collect();
    return {
      name: this.#name,
      succeeded: this.#succeeded,
      durationMs,
      waitMs: this.#waits.summary,
      mostPassed: this.#mostPassed,
      peaks: this.#watch.take(),
      leftBytes,
    };
  }
}
