/** A document of at most so many bytes is read without asking for room: many of them at once fit into any process. */
export const smallDocumentBytes: number = 256 * 1024;

/**
 * What one operation was given of the memory for large documents. A document that is read again needs only what it has
 * grown by, and one that is let go of makes room for the next.
 *
 * @example
 * ```ts
 * const room = new DocumentRoom((bytes) => lease.take(bytes));
 * const found = await machine.load("lunch", { room });
 * ```
 */
export class DocumentRoom {
  readonly #take: (bytes: number) => Promise<void>;
  readonly #heldBytes = new Map<string, number>();
  #spareBytes = 0;

  /** @param take resolves once so many more bytes may be in memory */
  constructor(take: (bytes: number) => Promise<void>) {
    this.#take = take;
  }

  /**
   * Resolves once a document may be read.
   *
   * @throws what `take` rejects with
   */
  async makeFor(key: string, sizeBytes: number): Promise<void> {
    const heldBytes = this.#heldBytes.get(key) ?? 0;
    if (sizeBytes <= heldBytes) return;
    const reusedBytes = Math.min(this.#spareBytes, sizeBytes - heldBytes);
    this.#spareBytes -= reusedBytes;
    const missingBytes = sizeBytes - heldBytes - reusedBytes;
    if (missingBytes > 0) await this.#take(missingBytes);
    this.#heldBytes.set(key, sizeBytes);
  }

  /** Says that a document is no longer needed. */
  letGo(key: string): void {
    this.#spareBytes += this.#heldBytes.get(key) ?? 0;
    this.#heldBytes.delete(key);
  }
}
