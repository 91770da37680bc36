import { ErrorBrand } from "../store/error-brand.ts";
import type { Person } from "./hold-document.ts";

/**
 * Why a hold refused, as a closed set that programs may switch on.
 *
 * - `invalid-argument`: the call itself is wrong; no request was sent
 * - `not-found`: no hold of this id was ever opened, or it was forgotten
 * - `different-hold`: the id stands for another question, or another content
 * - `invalid-answer`: the answer does not fit the question; `violations` names every fault, and the hold still waits
 * - `already-answered`: another answer was first; `by`, `at` and `agrees` say whose
 * - `already-voted`: this person has voted, and otherwise
 * - `not-allowed`: this person may not answer
 * - `not-answered`: the hold still waits
 * - `canceled`, `expired`: the hold ended without an answer
 * - `acting`: somebody acts at this moment
 * - `done`: it has been acted on
 * - `in-doubt`: somebody has acted, and nobody knows whether it had its effect
 * - `claim-lost`: the work ran to its end, but somebody else decided about it meanwhile
 * - `not-in-doubt`: there is nothing to settle
 * - `not-ended`: only a hold that has ended can be forgotten
 */
export type HoldErrorCode =
  | "invalid-argument"
  | "not-found"
  | "different-hold"
  | "invalid-answer"
  | "already-answered"
  | "already-voted"
  | "not-allowed"
  | "not-answered"
  | "canceled"
  | "expired"
  | "acting"
  | "done"
  | "in-doubt"
  | "claim-lost"
  | "not-in-doubt"
  | "not-ended";

/** What a {@link HoldError} carries besides its code and message. */
export interface HoldErrorDetails {
  readonly id?: string | undefined;
  /** Who was first. */
  readonly by?: Person | undefined;
  /** When that was, as ISO 8601. */
  readonly at?: string | undefined;
  /** Whether the answer that was first decides the same. */
  readonly agrees?: boolean | undefined;
  /** Every fault of an answer. */
  readonly violations?: readonly string[] | undefined;
  readonly cause?: unknown;
}

const brand = new ErrorBrand("holdpoint.hold-error");

/**
 * What a hold refused. What is stored is as it was.
 *
 * @example
 * ```ts
 * try {
 *   await holds.answer("refund-42", { decision: "approve" }, { by: "ada" });
 * } catch (error) {
 *   if (HoldError.is(error, "already-answered")) console.log(`${error.by} was first`);
 *   else throw error;
 * }
 * ```
 */
export class HoldError extends Error {
  override readonly name: string = "HoldError";
  readonly code: HoldErrorCode;
  readonly id: string | undefined;
  readonly by: Person | undefined;
  readonly at: string | undefined;
  readonly agrees: boolean | undefined;
  readonly violations: readonly string[];

  constructor(code: HoldErrorCode, message: string, details: HoldErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    brand.mark(this);
    this.code = code;
    this.id = details.id;
    this.by = details.by;
    this.at = details.at;
    this.agrees = details.agrees;
    this.violations = details.violations ?? [];
  }

  /**
   * Whether `error` is a `HoldError`, and if `code` is given, one with that code.
   *
   * @example
   * ```ts
   * if (HoldError.is(error, "in-doubt")) await tellSomebody(error.id);
   * ```
   */
  static is(error: unknown, code?: HoldErrorCode): error is HoldError {
    return brand.isOn(error, code);
  }
}
