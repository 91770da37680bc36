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
  readonly peaks: ResourcePeaks;
}

const keptProblems = 5;

/** Measures one step while it runs. */
export class StepMeter {
  /** The first things that went wrong. */
  readonly problems: string[] = [];
  readonly #name: LoadStep["name"];
  readonly #waits: WaitingTimes;
  readonly #startedAt = performance.now();
  #lastAt = this.#startedAt;
  #done = 0;
  #succeeded = 0;

  constructor(name: LoadStep["name"], capacity: number) {
    this.#name = name;
    this.#waits = new WaitingTimes(capacity);
  }

  get done(): number {
    return this.#done;
  }

  /**
   * Counts what was done to one task.
   *
   * @param problem what was wrong with it, if anything
   * @param since when it was begun, which in a sequence is when the one before was counted
   */
  count(problem: string | undefined, since: number = this.#lastAt): void {
    this.#lastAt = performance.now();
    this.#waits.add(this.#lastAt - since);
    this.#done += 1;
    if (problem === undefined) this.#succeeded += 1;
    else if (this.problems.length < keptProblems) this.problems.push(`${this.#name}: ${problem}`);
  }

  finish(watch: ResourceWatch): LoadStep {
    return {
      name: this.#name,
      succeeded: this.#succeeded,
      durationMs: performance.now() - this.#startedAt,
      waitMs: this.#waits.summary,
      peaks: watch.take(),
    };
  }
}
