const closeGraceMs = 1_000;

/** Work that nobody waits for and whose failure harms nobody: what it leaves undone is done some other time. */
export class Background {
  readonly #running = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  readonly #ending = new AbortController();

  /** Runs short work; `close` gives it a moment to end. */
  run(work: (signal: AbortSignal) => Promise<void>): void {
    this.#start(work, this.#ending.signal);
  }

  /** Runs work that may take long; `close` breaks it off. */
  runUntilClosed(work: (signal: AbortSignal) => Promise<void>): void {
    this.#start(work, this.#closing.signal);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, closeGraceMs);
    await Promise.race([Promise.allSettled(this.#running), late]);
    clearTimeout(timer);
    this.#ending.abort();
  }

  #start(work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): void {
    const running = work(signal)
      .catch(() => undefined)
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }
}
