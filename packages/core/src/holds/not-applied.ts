import { ErrorBrand } from "../store/error-brand.ts";

const brand = new ErrorBrand("holdpoint.not-applied");

/**
 * Thrown by work that is certain to have had no effect: the hold can be acted on again at once. Any other error leaves
 * the hold in doubt, since a payment may have timed out after it was made.
 *
 * @example
 * ```ts
 * await holds.act("refund-42", async ({ idempotencyKey }) => {
 *   const response = await pay(idempotencyKey);
 *   if (response.status === 429) throw new NotApplied("the payee is busy");
 *   return response.body;
 * });
 * ```
 */
export class NotApplied extends Error {
  override readonly name: string = "NotApplied";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    brand.mark(this);
  }

  /**
   * Whether `error` is a `NotApplied`, also of a second installed copy of this package.
   *
   * @example
   * ```ts
   * if (NotApplied.is(error)) await tryLater();
   * ```
   */
  static is(error: unknown): error is NotApplied {
    return brand.isOn(error);
  }
}
