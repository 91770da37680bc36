/**
 * Bounds the bytes of all bodies that are in memory at a time. Requests that want more wait in the order in which they
 * came; one that is larger than the bound waits until it is alone.
 *
 * A request that holds something already, because it grows as it comes, may not wait for those that wait behind it. One
 * of these at a time may go beyond the bound, so that they never wait for each other; what is held is thus at most the
 * bound and what one request takes.
 *
 * A request that is at work on something of its own, and not on its way, is in no such hurry: with `takeInTurn` it waits
 * for as long as any that holds something is at work, since that one lets go in the end, or waits as well.
 *
 * @example
 * ```ts
 * const lease = budget.lease(signal);
 * try {
 *   await lease.take(lengthBytes);
 * } finally {
 *   lease.release();
 * }
 * ```
 */
export class MemoryBudget {
  readonly #totalBytes: number;
  #heldBytes = 0;
  #ahead: MemoryLease | undefined;
  readonly #holding = new Map<MemoryLease, number>();
  readonly #waiting = new Set<Wish>();

  constructor(totalBytes: number) {
    this.#totalBytes = totalBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** A request's share, with nothing in it yet; `signal` ends its waiting. */
  lease(signal: AbortSignal): MemoryLease {
    return new MemoryLease({
      take: (lease, bytes, isPatient) => this.#take({ lease, bytes, isPatient, signal }),
      give: (lease, bytes) => this.#give(lease, bytes),
      heldBy: (lease) => this.#heldBy(lease),
    });
  }

  async #take({
    lease,
    bytes,
    isPatient,
    signal,
  }: Omit<Wish, "grant"> & { readonly signal: AbortSignal }): Promise<void> {
    signal.throwIfAborted();
    if (this.#waiting.size === 0 && this.#fits(bytes)) {
      this.#hold(lease, bytes);
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const wish: Wish = { lease, bytes, isPatient, grant: resolve };
    const giveUp = (): void => {
      this.#waiting.delete(wish);
      reject(signal.reason);
      this.#serve();
    };
    signal.addEventListener("abort", giveUp, { once: true });
    this.#waiting.add(wish);
    this.#serve();
    await promise;
    signal.removeEventListener("abort", giveUp);
  }

  #give(lease: MemoryLease, bytes: number): void {
    this.#hold(lease, -bytes);
    if (this.#ahead === lease && lease.isReleased) this.#ahead = undefined;
    this.#serve();
  }

  #hold(lease: MemoryLease, bytes: number): void {
    this.#heldBytes += bytes;
    const heldBytes = this.#heldBy(lease) + bytes;
    if (heldBytes > 0) this.#holding.set(lease, heldBytes);
    else this.#holding.delete(lease);
  }

  #heldBy(lease: MemoryLease): number {
    return this.#holding.get(lease) ?? 0;
  }

  #fits(bytes: number): boolean {
    return this.#heldBytes === 0 || this.#heldBytes + bytes <= this.#totalBytes;
  }

  #serve(): void {
    for (const wish of this.#waiting) {
      if (this.#fits(wish.bytes)) {
        this.#grant(wish);
        continue;
      }
      // Nobody overtakes, except who is ahead.
      this.#serveAhead();
      return;
    }
  }

  #serveAhead(): void {
    this.#ahead ??= this.#nextAhead();
    for (const wish of this.#waiting) if (wish.lease === this.#ahead) this.#grant(wish);
  }

  #nextAhead(): MemoryLease | undefined {
    const wishes = [...this.#waiting].filter(({ lease }) => this.#holding.has(lease));
    const waiting = new Set(wishes.map(({ lease }) => lease));
    const allWait = waiting.size === this.#holding.size;
    return wishes.find(({ isPatient }) => allWait || !isPatient)?.lease;
  }

  #grant(wish: Wish): void {
    this.#waiting.delete(wish);
    this.#hold(wish.lease, wish.bytes);
    wish.grant();
  }
}

interface Wish {
  readonly lease: MemoryLease;
  readonly bytes: number;
  readonly isPatient: boolean;
  readonly grant: () => void;
}

/** What a lease asks of its budget. */
interface LeaseKeeper {
  readonly take: (lease: MemoryLease, bytes: number, isPatient: boolean) => Promise<void>;
  readonly give: (lease: MemoryLease, bytes: number) => void;
  readonly heldBy: (lease: MemoryLease) => number;
}

/** What one request holds of a {@link MemoryBudget}. */
export class MemoryLease {
  readonly #keeper: LeaseKeeper;
  #isReleased = false;

  constructor(keeper: LeaseKeeper) {
    this.#keeper = keeper;
  }

  get heldBytes(): number {
    return this.#keeper.heldBy(this);
  }

  get isReleased(): boolean {
    return this.#isReleased;
  }

  /**
   * Resolves once so many more bytes may be held.
   *
   * @throws the signal's reason if it aborts before
   */
  async take(bytes: number): Promise<void> {
    await this.#take(bytes, false);
  }

  /**
   * As {@link take}, but goes beyond the bound only once all that hold something wait. Not for what may be waited for by
   * one that is at work.
   *
   * @throws the signal's reason if it aborts before
   */
  async takeInTurn(bytes: number): Promise<void> {
    await this.#take(bytes, true);
  }

  async #take(bytes: number, isPatient: boolean): Promise<void> {
    await this.#keeper.take(this, bytes, isPatient);
    // Let go of while it waited.
    if (this.#isReleased) this.release();
  }

  /** Says how many bytes are held in fact, where that was not known before. */
  settle(bytes: number): void {
    this.#keeper.give(this, this.heldBytes - bytes);
  }

  /** Lets go of all. May be called again. */
  release(): void {
    this.#isReleased = true;
    this.#keeper.give(this, this.heldBytes);
  }
}
