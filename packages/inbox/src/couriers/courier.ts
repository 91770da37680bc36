import type { GivenAnswer, Person } from "@holdpoint/core/holds";

import type { TargetOptions } from "../sending/target-options.ts";

/** What became of a question: what a program that asked is called with. The same whenever it is delivered again. */
export interface Delivery {
  /** The same whenever this is delivered to this courier again: the idempotency key. */
  readonly id: string;
  /**
   * - `answered`: an answer lets act
   * - `rejected`: an answer lets nobody act
   * - `canceled`, `expired`: it has ended without an answer
   */
  readonly outcome: "answered" | "rejected" | "canceled" | "expired";
  readonly hold: {
    readonly id: string;
    /** The hold's version when it was first seen decided. */
    readonly version: string;
    readonly askedBy: Person | undefined;
    readonly openedAt: Date | undefined;
    readonly labels: Readonly<Record<string, string>>;
  };
  /** When that was decided. */
  readonly at: Date;
  /** Who gave the answer, or has canceled it; `undefined` for what time has ended. */
  readonly by: Person | undefined;
  /** The answer, where there is one. */
  readonly answer: GivenAnswer | undefined;
  /** Why it was canceled, where that was said. */
  readonly reason: string | undefined;
}

/**
 * Hands what was decided to a program that wants to be called rather than wait: what `webhookCourier` makes, or one of
 * your own.
 */
export interface Courier extends TargetOptions {
  /**
   * Delivers, once. If it is not certain that it was taken, it is called again later with the same delivery.
   *
   * @throws {Error} if it was not taken, or that is not certain; with `isRefusal: true` if it never will be. Its message
   * is handed on, so it holds no credential
   */
  deliver(delivery: Delivery, signal: AbortSignal): Promise<void>;
}
