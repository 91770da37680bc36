/**
 * Lets so many run at once; the others wait in the order in which they came.
 *
 * @example
 * ```ts
 * const turns = new Turns(50);
 * if (!turns.begin()) await turns.wait(signal);
 * try {
 *   await work();
 * } finally {
 *   turns.end();
 * }
 * ```
 */
export class Turns {
  #free: number;
  // A set keeps the order, and one that gives up leaves without a search.
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Begins a turn, unless as many as there may be are under way. */
  begin(): boolean {
    if (this.#free === 0) return false;
    this.#free -= 1;
    return true;
  }

  /** Resolves once a turn has begun; rejects with the signal's reason, and without a turn, if it aborts before. */
  async wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (): void => resolve();
    this.#waiting.add(wake);
    signal.addEventListener("abort", wake, { once: true });
    await promise;
    signal.removeEventListener("abort", wake);
    if (!signal.aborted) return;
    // Its turn may have come just before.
    if (!this.#waiting.delete(wake)) this.end();
    throw signal.reason;
  }

  /** Ends a turn that had begun. */
  end(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
