import { ErrorBrand } from "@holdpoint/core/driver";

/**
 * Why the ledger refused, as a closed set that programs may switch on.
 *
 * - `invalid-message`: the envelope lacks something, or the payload to pause is not a JSON object
 * - `invalid-input`: the person's input does not fit; the task stays paused
 * - `task-not-found`: nothing is stored under any id that the resume message gives
 * - `already-resumed`: another resume message was first
 * - `canceled`: the task was canceled
 * - `ambiguous-task`: the id stands for several tasks that are paused
 * - `repeated-resume`: the message equals one that resumed an earlier pause point, and nothing tells whether it is that
 *   message delivered again or a new answer
 */
export type LedgerErrorCode =
  | "invalid-message"
  | "invalid-input"
  | "task-not-found"
  | "already-resumed"
  | "canceled"
  | "ambiguous-task"
  | "repeated-resume";

const brand = new ErrorBrand("holdpoint.ledger-error");

/**
 * A pause or resume that the ledger refused. What is stored is as it was.
 *
 * @example
 * ```ts
 * try {
 *   await ledger.resume(envelope);
 * } catch (error) {
 *   if (LedgerError.is(error, "already-resumed")) return;
 *   throw error;
 * }
 * ```
 */
export class LedgerError extends Error {
  override readonly name = "LedgerError";
  readonly code: LedgerErrorCode;
  readonly taskId: string | undefined;

  constructor(code: LedgerErrorCode, message: string, taskId?: string) {
    super(message);
    brand.mark(this);
    this.code = code;
    this.taskId = taskId;
  }

  /** Whether `error` is a `LedgerError`, and if `code` is given, one with that code. */
  static is(error: unknown, code?: LedgerErrorCode): error is LedgerError {
    return brand.isOn(error, code);
  }
}
