/**
 * What somebody has seen of the holds of one kind: the version of each document as it was last listed. A listing that is
 * given it reads and yields only what has changed since, and {@link SeenVersions.takeGone} says what is there no more.
 * Where a store's listings say no versions, everything is read and yielded each time.
 *
 * @example
 * ```ts
 * const seen = new SeenVersions();
 * const shown = new Map<string, HoldSummary>();
 * for (;;) {
 *   for await (const hold of holds.list({ seen })) shown.set(hold.id, hold);
 *   for (const id of seen.takeGone()) shown.delete(id);
 *   await nextLook();
 * }
 * ```
 */
export class SeenVersions {
  readonly #versions = new Map<string, string | undefined>();
  #gone = new Set<string>();
  #unmet = new Set<string>();

  /** Has the next listing read and yield this one, whether or not it has changed. */
  forget(id: string): void {
    if (this.#versions.has(id)) this.#versions.set(id, undefined);
  }

  /** Has the next listing read and yield everything. */
  forgetAll(): void {
    for (const id of this.#versions.keys()) this.#versions.set(id, undefined);
  }

  /** The ids that were listed once and that the listings since the last call did not find any more. */
  takeGone(): ReadonlySet<string> {
    const gone = this.#gone;
    this.#gone = new Set();
    return gone;
  }

  /** For a listing: that it begins. One at a time. */
  begin(): void {
    this.#unmet = new Set(this.#versions.keys());
  }

  /** For a listing: whether it has to read what it has met. */
  isNew(id: string, version: string | undefined): boolean {
    this.#unmet.delete(id);
    return version === undefined || this.#versions.get(id) !== version;
  }

  /**
   * For a listing: that it has read what it has met, and whether there is anything to yield. The version is the one that
   * was listed: what was read after that is as new or newer.
   */
  saw(id: string, version: string | undefined, isShown: boolean): void {
    this.#versions.set(id, version);
    if (isShown) this.#gone.delete(id);
    else this.#gone.add(id);
  }

  /** For a listing: that it has met everything. One that breaks off knows of nothing that it is gone. */
  end(): void {
    for (const id of this.#unmet) {
      this.#versions.delete(id);
      this.#gone.add(id);
    }
    this.#unmet.clear();
  }
}
