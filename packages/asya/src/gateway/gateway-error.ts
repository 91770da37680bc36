import { ErrorBrand } from "@holdpoint/core/driver";

/**
 * Why a gateway did not take what it was sent, as a closed set that programs may switch on.
 *
 * - `invalid-address`: the address cannot be one of a gateway
 * - `unreachable`: nobody answers there, or not in time
 * - `unauthorized`: it wants a key or a token, or another one
 * - `unknown-task`: it keeps no record of the task
 * - `not-waiting`: it shows the task as something that takes no answer
 * - `refused`: it took the request and said no
 * - `unexpected-answer`: whatever answers there is no gateway, or one of another generation
 */
export type GatewayErrorCode =
  | "invalid-address"
  | "unreachable"
  | "unauthorized"
  | "unknown-task"
  | "not-waiting"
  | "refused"
  | "unexpected-answer";

const brand = new ErrorBrand("holdpoint.gateway-error");

/**
 * A gateway did not take what it was sent. No credential is in the message.
 *
 * @example
 * ```ts
 * try {
 *   await courier.answer(task, input);
 * } catch (error) {
 *   if (GatewayError.is(error) && error.outcome === "unknown") await lookAgain(task);
 *   throw error;
 * }
 * ```
 */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly code: GatewayErrorCode;
  /** Whether what was sent may have had its effect all the same. */
  readonly outcome: "not-applied" | "unknown";

  constructor(
    code: GatewayErrorCode,
    message: string,
    options: ErrorOptions & { readonly outcome?: "not-applied" | "unknown" } = {},
  ) {
    super(message, options);
    brand.mark(this);
    this.code = code;
    this.outcome = options.outcome ?? "not-applied";
  }

  /** Whether `error` is a `GatewayError`, and if `code` is given, one with that code. */
  static is(error: unknown, code?: GatewayErrorCode): error is GatewayError {
    return brand.isOn(error, code);
  }
}
