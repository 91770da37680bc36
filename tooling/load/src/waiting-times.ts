/** How long operations took, in milliseconds. */
export interface WaitSummary {
  readonly median: number;
  readonly p99: number;
  readonly longest: number;
}

/** Remembers how long each of a known number of operations took, in eight bytes each. */
export class WaitingTimes {
  readonly #times: Float64Array;
  #count = 0;

  constructor(capacity: number) {
    this.#times = new Float64Array(capacity);
  }

  add(ms: number): void {
    this.#times[this.#count] = ms;
    this.#count += 1;
  }

  get summary(): WaitSummary {
    const sorted = this.#times.subarray(0, this.#count).toSorted();
    const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
    return { median: at(0.5), p99: at(0.99), longest: at(1) };
  }
}
