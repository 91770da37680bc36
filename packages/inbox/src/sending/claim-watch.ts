import { randomUUID } from "node:crypto";

import type { Sending, SideRecord } from "./side-record.ts";

/** After so many of its timeouts, an inbox that has begun to send is taken for dead. */
const timeoutsPerLease = 3;

/** Which record says that somebody is sending, and for how long one may still believe that they live. */
export class ClaimWatch {
  readonly #leaseMs: number;
  readonly #me = randomUUID();
  #claims = 0;
  /** Since when a record has been as it is, by this process's clock: those of others may differ. */
  readonly #watched = new Map<string, { readonly version: string; readonly since: number }>();

  constructor(timeoutMs: number) {
    this.#leaseMs = timeoutsPerLease * timeoutMs;
  }

  /** A claim as no record had it before: on some stores, what is the same has the same version. */
  next(): string {
    this.#claims += 1;
    return `${this.#me} ${this.#claims}`;
  }

  /** Whether another inbox is sending what a record says. */
  isBeingSent(key: string, stored: SideRecord<{ readonly sending?: Sending | undefined }> | undefined): boolean {
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
