/**
 * Bounds the bytes of all bodies that are in memory at a time. Requests that want more wait in the order in which they
 * came; one that is larger than the bound waits until it is alone.
 *
 * A request that holds something already, because it grows as it comes, may not wait for those that wait behind it. One
 * of these at a time may go beyond the bound, so that they never wait for each other; what is held is thus at most the
 * bound and one body.
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
  readonly totalBytes: number;
  #heldBytes = 0;
  #ahead: MemoryLease | undefined;
  readonly #waiting = new Set<Wish>();

  constructor(totalBytes: number) {
    this.totalBytes = totalBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** A request's share, with nothing in it yet; `signal` ends its waiting. */
  lease(signal: AbortSignal): MemoryLease {
    return new MemoryLease({
      take: (lease, bytes) => this.#take({ lease, bytes, signal }),
      give: (lease, bytes) => this.#give(lease, bytes),
    });
  }

  async #take({ lease, bytes, signal }: Omit<Wish, "grant"> & { readonly signal: AbortSignal }): Promise<void> {
    signal.throwIfAborted();
    if (this.#waiting.size === 0 && this.#fits(bytes)) {
      this.#heldBytes += bytes;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const wish: Wish = { lease, bytes, grant: resolve };
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
    this.#heldBytes -= bytes;
    if (this.#ahead === lease && lease.isReleased) this.#ahead = undefined;
    this.#serve();
  }

  #fits(bytes: number): boolean {
    return this.#heldBytes === 0 || this.#heldBytes + bytes <= this.totalBytes;
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
    for (const wish of this.#waiting) {
      if (wish.lease.heldBytes > 0) this.#ahead ??= wish.lease;
      if (wish.lease === this.#ahead) this.#grant(wish);
    }
  }

  #grant(wish: Wish): void {
    this.#waiting.delete(wish);
    this.#heldBytes += wish.bytes;
    wish.grant();
  }
}

interface Wish {
  readonly lease: MemoryLease;
  readonly bytes: number;
  readonly grant: () => void;
}

/** What a lease asks of its budget. */
interface LeaseKeeper {
  readonly take: (lease: MemoryLease, bytes: number) => Promise<void>;
  readonly give: (lease: MemoryLease, bytes: number) => void;
}

/** What one request holds of a {@link MemoryBudget}. */
export class MemoryLease {
  readonly #keeper: LeaseKeeper;
  #heldBytes = 0;
  #isReleased = false;

  constructor(keeper: LeaseKeeper) {
    this.#keeper = keeper;
  }

  get heldBytes(): number {
    return this.#heldBytes;
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
    await this.#keeper.take(this, bytes);
    this.#heldBytes += bytes;
    // Let go of while it waited.
    if (this.#isReleased) this.release();
  }

  /** Says how many bytes are held in fact, where that was not known before. */
  settle(bytes: number): void {
    const surplus = this.#heldBytes - bytes;
    this.#heldBytes = bytes;
    this.#keeper.give(this, surplus);
  }

  /** Lets go of all. May be called again. */
  release(): void {
    this.#isReleased = true;
    const held = this.#heldBytes;
    this.#heldBytes = 0;
    this.#keeper.give(this, held);
  }
}
