import { randomUUID } from "node:crypto";

import type { StoredRecord } from "./notice-record.ts";

/** Which record says that somebody is telling, and for how long one may still believe that they live. */
export class ClaimWatch {
  readonly #leaseMs: number;
  readonly #me = randomUUID();
  #claims = 0;
  /** Since when a record has been as it is, by this process's clock: those of others may differ. */
  readonly #watched = new Map<string, { readonly version: string; readonly since: number }>();

  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs;
  }

  /** A claim as no record had it before: on some stores, what is the same has the same version. */
  next(): string {
    this.#claims += 1;
    return `${this.#me} ${this.#claims}`;
  }

  /** Whether another inbox is telling what a record says. */
  isBeingTold(key: string, stored: StoredRecord | undefined): boolean {
    const claim = stored?.record.sending?.claim;
    if (stored === undefined || claim === undefined || claim.startsWith(this.#me)) {
      this.#watched.delete(key);
      return false;
    }
    const seen = this.#watched.get(key);
    if (seen?.version === stored.version) return performance.now() - seen.since < this.#leaseMs;
    this.#watched.set(key, { version: stored.version, since: performance.now() });
    return true;
  }
}
