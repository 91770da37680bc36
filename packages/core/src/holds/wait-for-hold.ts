import { CheckpointError } from "../store/checkpoint-error.ts";
import { notFound } from "./hold-refusal.ts";
import type { WaitOptions, WaitResult } from "./holds.ts";
import { isOverdue } from "./overdue-hold.ts";
import type { ProgramHold } from "./program-documents.ts";
import type { ProgramMachine } from "./program-machine.ts";
import { givenAnswer, isHold, stateOf } from "./view-hold.ts";

const firstDelayMs = 100;
const maxDelayMs = 10_000;
/** All waiters of a process together look this seldom, so many of them are no burden to a store. */
const betweenLooksMs = 20;
const maxLooks = 16;

interface Waiter {
  readonly resolve: (result: WaitResult) => void;
  readonly reject: (error: unknown) => void;
}

/** One hold that somebody waits for. */
interface Watched {
  readonly id: string;
  readonly waiters: Set<Waiter>;
  dueMs: number;
  delayMs: number;
  /** Whether the hold has ever been there: what is missing then is gone, and was never asked otherwise. */
  wasSeen: boolean;
}

/** Waits for holds: those who wait for the same one share their looks, and all share one pace. */
export class HoldWaiters {
  readonly #machine: ProgramMachine;
  readonly #watched = new Map<string, Watched>();
  #wake = new AbortController();
  #isPolling = false;
  #looks = 0;

  constructor(machine: ProgramMachine) {
    this.#machine = machine;
  }

  /** {@link Holds.wait} */
  async wait(id: string, { signal, waitMs }: WaitOptions): Promise<WaitResult> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<WaitResult>();
    const waiter = { resolve, reject };
    const watched = this.#watch(id);
    watched.waiters.add(waiter);
    const onAbort = (): void => reject(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    const over = new AbortController();
    if (waitMs !== undefined) {
      void this.#machine.environment
        .sleep(waitMs, over.signal)
        .then(() => resolve({ id, state: "waiting", answer: undefined }));
    }
    try {
      return await promise;
    } finally {
      over.abort();
      signal?.removeEventListener("abort", onAbort);
      watched.waiters.delete(waiter);
      if (watched.waiters.size === 0) this.#forget(watched);
    }
  }

  #watch(id: string): Watched {
    const now = this.#machine.environment.monotonicMs();
    const found = this.#watched.get(id);
    if (found !== undefined) return found;
    const watched = { id, waiters: new Set<Waiter>(), dueMs: now, delayMs: firstDelayMs, wasSeen: false };
    this.#watched.set(id, watched);
    this.#wake.abort();
    if (!this.#isPolling) void this.#poll();
    return watched;
  }

  #forget(watched: Watched): void {
    if (this.#watched.get(watched.id) === watched) this.#watched.delete(watched.id);
    if (this.#watched.size === 0) this.#wake.abort();
  }

  async #poll(): Promise<void> {
    const { environment } = this.#machine;
    this.#isPolling = true;
    while (this.#watched.size > 0) {
      const now = environment.monotonicMs();
      let next: Watched | undefined;
      for (const watched of this.#watched.values()) if (watched.dueMs < (next?.dueMs ?? Infinity)) next = watched;
      if (next !== undefined && next.dueMs <= now && this.#looks < maxLooks) {
        next.dueMs = Infinity;
        void this.#look(next);
        await environment.sleep(betweenLooksMs);
        continue;
      }
      this.#wake = new AbortController();
      const delayMs = this.#looks < maxLooks ? (next?.dueMs ?? now + maxDelayMs) - now : maxDelayMs;
      await environment.sleep(Math.min(Math.max(delayMs, 1), maxDelayMs), this.#wake.signal);
    }
    this.#isPolling = false;
  }

  async #look(watched: Watched): Promise<void> {
    const { environment, store } = this.#machine;
    const { id, waiters } = watched;
    this.#looks += 1;
    try {
      const document = (await this.#machine.load(id))?.document;
      const result = this.#resultOf(watched, document);
      if (result !== undefined) for (const { resolve } of waiters) resolve(result);
      else if (!isHold(document)) for (const { reject } of waiters) reject(notFound(store, id));
    } catch (error) {
      // A store that is away for a while is no reason to give up on a person.
      if (!CheckpointError.is(error) || !error.retryable) for (const { reject } of waiters) reject(error);
    } finally {
      this.#looks -= 1;
      watched.dueMs = environment.monotonicMs() + watched.delayMs * (0.5 + 0.5 * environment.random());
      watched.delayMs = Math.min(1.5 * watched.delayMs, maxDelayMs);
      this.#wake.abort();
    }
  }

  /** `undefined` as long as there is a question that waits, and for what was never asked. */
  #resultOf(watched: Watched, document: ProgramHold | undefined): WaitResult | undefined {
    const { id } = watched;
    if (!isHold(document)) return watched.wasSeen ? { id, state: "gone", answer: undefined } : undefined;
    watched.wasSeen = true;
    if (isOverdue(document, this.#machine.environment)) return { id, state: "expired", answer: undefined };
    if (document.state === "waiting") return undefined;
    const answer = "answer" in document && document.answer !== undefined ? givenAnswer(document.answer) : undefined;
    return { id, state: stateOf(document), answer };
  }
}
