/**
 * Bounds the bytes of all bodies that are in memory at a time. Requests that want more wait in the order in which they
 * came. One of them at a time may go beyond the bound, so that those which hold a part of what they need and wait for
 * each other get on; what is held is thus at most the budget and one body.
 *
 * @example
 * ```ts
 * const lease = budget.lease();
 * try {
 *   await lease.take(lengthBytes, signal);
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

  lease(): MemoryLease {
    return new MemoryLease({
      take: (lease, bytes, signal) => this.#take(lease, bytes, signal),
      give: (lease, bytes) => this.#give(lease, bytes),
    });
  }

  async #take(lease: MemoryLease, bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#waiting.size === 0 && this.#heldBytes + bytes <= this.totalBytes) {
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

  #serve(): void {
    for (const wish of this.#waiting) {
      const fits = this.#heldBytes + wish.bytes <= this.totalBytes;
      if (!fits) this.#ahead ??= wish.lease;
      if (!fits && this.#ahead !== wish.lease) {
        // Nobody overtakes, except who is ahead anyway.
        if (this.#ahead !== undefined) this.#serveAhead();
        return;
      }
      this.#grant(wish);
    }
  }

  #serveAhead(): void {
    for (const wish of this.#waiting) if (wish.lease === this.#ahead) this.#grant(wish);
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
  readonly take: (lease: MemoryLease, bytes: number, signal: AbortSignal) => Promise<void>;
  readonly give: (lease: MemoryLease, bytes: number) => void;
}

/** What one request holds of a {@link MemoryBudget}. */
export class MemoryLease {
  readonly #keeper: LeaseKeeper;
  #bytes = 0;
  #isReleased = false;

  constructor(keeper: LeaseKeeper) {
    this.#keeper = keeper;
  }

  get isReleased(): boolean {
    return this.#isReleased;
  }

  /** Resolves once so many more bytes may be held; rejects with the signal's reason if it aborts before. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    await this.#keeper.take(this, bytes, signal);
    this.#bytes += bytes;
    // Let go of while it waited.
    if (this.#isReleased) this.release();
  }

  /** Says how many bytes are held in fact, where that was not known before. */
  settle(bytes: number): void {
    const surplus = this.#bytes - bytes;
    this.#bytes = bytes;
    this.#keeper.give(this, surplus);
  }

  /** Lets go of all. May be called again. */
  release(): void {
    this.#isReleased = true;
    const held = this.#bytes;
    this.#bytes = 0;
    this.#keeper.give(this, held);
  }
}
