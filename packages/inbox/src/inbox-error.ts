import { ErrorBrand } from "@holdpoint/core/driver";

/**
 * Why an inbox cannot be made or served, or what it could not do.
 *
 * - `invalid-argument`: an option is wrong
 * - `in-use`: something else listens at the port
 * - `unprotected`: it would be reachable from other machines, and nothing would tell who may
 * - `not-told`: a target could not be told, and will be again; only `onError` gets it
 * - `not-delivered`: a courier could not deliver what was decided; only `onError` gets it
 */
export type InboxErrorCode = "invalid-argument" | "in-use" | "unprotected" | "not-told" | "not-delivered";

const brand = new ErrorBrand("holdpoint.inbox-error");

/**
 * An inbox that cannot be made or served as asked.
 *
 * @example
 * ```ts
 * try {
 *   await serveInbox({ store, host: "0.0.0.0", authentication });
 * } catch (error) {
 *   if (InboxError.is(error, "unprotected")) console.error(error.message);
 *   else throw error;
 * }
 * ```
 */
export class InboxError extends Error {
  override readonly name: string = "InboxError";
  readonly code: InboxErrorCode;

  constructor(code: InboxErrorCode, message: string) {
    super(message);
    brand.mark(this);
    this.code = code;
  }

  /**
   * Whether `error` is an `InboxError`, and if `code` is given, one with that code.
   *
   * @example
   * ```ts
   * if (InboxError.is(error, "unprotected")) console.error(error.message);
   * ```
   */
  static is(error: unknown, code?: InboxErrorCode): error is InboxError {
    return brand.isOn(error, code);
  }
}
