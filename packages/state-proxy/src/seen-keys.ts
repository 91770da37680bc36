/** What a mount knows of a key from its last read or write. */
export interface SeenKey {
  readonly version: string;
  readonly sizeBytes: number;
}

/**
 * Remembers what a mount saw last of each key, of so many keys at most: the one that was not seen for longest is
 * forgotten first. What is forgotten counts as never seen.
 */
export class SeenKeys {
  readonly #maxKeys: number;
  // A map keeps the order in which keys were put into it.
  readonly #seen = new Map<string, SeenKey>();
  #forgotten = 0;

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
  }

  get size(): number {
    return this.#seen.size;
  }

  /** How many keys had to be forgotten for lack of room. */
  get forgotten(): number {
    return this.#forgotten;
  }

  get(key: string): SeenKey | undefined {
    return this.#seen.get(key);
  }

  remember(key: string, seen: SeenKey): void {
    this.#seen.delete(key);
    this.#seen.set(key, seen);
    if (this.#seen.size <= this.#maxKeys) return;
    const [oldest] = this.#seen.keys();
    if (oldest !== undefined) this.#seen.delete(oldest);
    this.#forgotten += 1;
  }

  forget(key: string): void {
    this.#seen.delete(key);
  }
}
