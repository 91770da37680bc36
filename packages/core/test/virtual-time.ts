import { setImmediate as turn } from "node:timers/promises";

import type { HoldEnvironment } from "../src/holds/machine/hold-environment.ts";

interface Sleeper {
  readonly atMs: number;
  readonly owner: VirtualProcess;
  readonly wake: () => void;
}

/** A process on virtual time. */
export interface VirtualProcess extends HoldEnvironment {
  /** Stops the process: whatever sleeps in it never wakes. */
  kill(): void;
  /** Stops the process, until it is resumed. */
  suspend(): void;
  resume(): void;
  /** Puts its time of day forward, or back. */
  jump(ms: number): void;
}

/** A clock that stands still until somebody waits for something. */
export class VirtualTime {
  #nowMs = 0;
  readonly #sleepers = new Set<Sleeper>();
  #nonces = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  /** @param offMs by how much the process's time of day is off */
  process(worker: string, offMs: number = 0): VirtualProcess {
    let jumpedMs = offMs;
    let isDead = false;
    let isSuspended = false;
    const suspended: (() => void)[] = [];
    const process: VirtualProcess = {
      worker,
      now: () => new Date(Date.UTC(2026, 0, 31, 12) + this.#nowMs + jumpedMs),
      monotonicMs: () => this.#nowMs,
      expiryMarginMs: 5_000,
      random: () => 0.5,
      newNonce: () => `nonce-${(this.#nonces += 1)}`,
      sleep: async (ms, signal) => {
        if (signal?.aborted === true) return;
        const { promise, resolve } = Promise.withResolvers<void>();
        const wake = (): void => {
          if (isDead) return;
          if (isSuspended) suspended.push(resolve);
          else resolve();
        };
        const sleeper = { atMs: this.#nowMs + ms, owner: process, wake };
        this.#sleepers.add(sleeper);
        signal?.addEventListener(
          "abort",
          () => {
            this.#sleepers.delete(sleeper);
            wake();
          },
          { once: true },
        );
        await promise;
      },
      kill: () => {
        isDead = true;
      },
      suspend: () => {
        isSuspended = true;
      },
      resume: () => {
        isSuspended = false;
        for (const wake of suspended.splice(0)) wake();
      },
      jump: (ms) => {
        jumpedMs += ms;
      },
    };
    return process;
  }

  /** Lets time pass until the promise settles; rejects if nothing more can happen. */
  async until<Result>(promise: Promise<Result>, untilMs: number = this.#nowMs + 3_600_000): Promise<Result> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    promise.then(settle, settle);
    for (;;) {
      for (let turns = 0; turns < 10; turns += 1) await turn();
      if (isSettled) return await promise;
      if (!this.#step(untilMs)) throw new Error(`nothing more happened by ${this.#nowMs} ms`);
    }
  }

  /** Lets so much time pass. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    do for (let turns = 0; turns < 10; turns += 1) await turn();
    while (this.#step(untilMs));
    this.#nowMs = untilMs;
  }

  #step(untilMs: number): boolean {
    const [next] = [...this.#sleepers].toSorted((left, right) => left.atMs - right.atMs);
    if (next === undefined || next.atMs > untilMs) return false;
    this.#sleepers.delete(next);
    this.#nowMs = Math.max(this.#nowMs, next.atMs);
    next.wake();
    return true;
  }
}
