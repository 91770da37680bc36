import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

/** What holds take from the machine that they run on. Tests put their own in its place. */
export interface HoldEnvironment {
  /** The time of day, which may be wrong: only ever written down, and compared with an expiry. */
  readonly now: () => Date;
  /** A clock that only goes forward, in milliseconds, for all that is waited for. */
  readonly monotonicMs: () => number;
  /** Waits; resolves early, rather than rejects, once the signal aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly newNonce: () => string;
  /** This machine and process, for people. */
  readonly worker: string;
  /** For how long after its time a question still waits: clocks differ. */
  readonly expiryMarginMs: number;
}

const defaultExpiryMarginMs = 5_000;
// Node's timers fire at once for more: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args
const maxTimerMs = 2 ** 31 - 1;

/** The real ones. */
export function systemEnvironment(
  now: () => Date = () => new Date(),
  expiryMarginMs: number = defaultExpiryMarginMs,
): HoldEnvironment {
  return {
    now,
    monotonicMs: () => performance.now(),
    sleep: async (ms, signal) => {
      let leftMs = ms;
      try {
        do {
          await sleep(Math.min(leftMs, maxTimerMs), undefined, { signal });
          leftMs -= maxTimerMs;
        } while (leftMs > 0);
      } catch {
        // The signal has aborted.
      }
    },
    random: Math.random,
    newNonce: randomUUID,
    worker: `${hostname()}:${process.pid}`,
    expiryMarginMs,
  };
}
