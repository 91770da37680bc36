const keptEvents = 500;

/** What happened to one task or hold, a line for each event, with the time since it began. */
export class Story {
  readonly #events: string[] = [];
  #leftOut = 0;
  readonly #startedAt = performance.now();

  /** Adds a line. */
  note(event: string): void {
    if (this.#events.length === keptEvents) {
      this.#leftOut += 1;
      return;
    }
    const elapsedMs = Math.round(performance.now() - this.#startedAt);
    this.#events.push(`${String(elapsedMs).padStart(7)} ms  ${event}`);
  }

  /** Everything that was noted, in order. */
  get text(): string {
    return [...this.#events, ...(this.#leftOut > 0 ? [`… and ${this.#leftOut} more events`] : [])].join("\n");
  }
}
