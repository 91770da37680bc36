import type { HoldState } from "@holdpoint/core/holds";

/** What a worker process is told to do with one hold. */
export type HoldOrder =
  | {
      /** Runs a program from the top: it asks, waits a while for an answer, and acts. */
      readonly step: "run";
      readonly id: string;
      readonly approvals: number;
      readonly expiry: HoldExpiry | undefined;
      readonly whenInDoubt: "stop" | "again";
      readonly leaseMs: number;
      /** How long the work takes before and after the payment. */
      readonly workMs: readonly [number, number];
    }
  | { readonly step: "answer"; readonly id: string; readonly decision: string; readonly by: string }
  | { readonly step: "look"; readonly id: string }
  | { readonly step: "settle"; readonly id: string; readonly applied: boolean; readonly attempt: number };

/** For how long a question waits, and whether a default rejects it then. */
export interface HoldExpiry {
  readonly expiresInMs: number;
  readonly rejects: boolean;
}

/** What came of an order. */
export interface HoldReport {
  /** Of a program, as soon as it has asked. */
  readonly asked?: string | undefined;
  /** The word that the step resolved with. */
  readonly outcome?: string | undefined;
  /** Of a program that is done. */
  readonly ran?: boolean | undefined;
  readonly receipt?: unknown;
  /** What was seen by who looked. */
  readonly seen?: { readonly state: HoldState; readonly attempt: number | undefined } | undefined;
  readonly error?: HoldFailure | undefined;
}

/** An error that a step has rejected with. */
export interface HoldFailure {
  readonly name: string;
  readonly code: string | undefined;
  readonly message: string;
  readonly isUnknown: boolean;
}

/** What work asks of the payee. */
export interface Payment {
  readonly id: string;
  readonly key: string;
  readonly attempt: number;
}

/**
 * What the payee says: `paid`; `timed-out`, and it may have been paid or not; `refused`, and it was surely not paid.
 */
export type PaymentAnswer = "paid" | "timed-out" | "refused";

/** What a worker is sent. */
export type ToWorker =
  | { readonly order: number; readonly what: HoldOrder }
  | { readonly payment: number; readonly answer: PaymentAnswer };

/** What a worker sends. */
export type FromWorker =
  | { readonly ready: true }
  | { readonly order: number; readonly report: HoldReport }
  | { readonly payment: number; readonly what: Payment };
