/**
 * What an error class is known by, whichever copy of its package an error comes from: a second one may be installed, and
 * then `instanceof` does not know the other's.
 *
 * @example
 * ```ts
 * const brand = new ErrorBrand("holdpoint.example-error");
 * class ExampleError extends Error {
 *   readonly code = "broken";
 *   constructor(message: string) {
 *     super(message);
 *     brand.mark(this);
 *   }
 *   static is(error: unknown, code?: "broken"): error is ExampleError {
 *     return brand.isOn(error, code);
 *   }
 * }
 * ```
 */
export class ErrorBrand {
  readonly #symbol: symbol;

  /** @param name the same in every copy */
  constructor(name: string) {
    this.#symbol = Symbol.for(name);
  }

  /** Marks an error as one of the class. */
  mark(error: Error): void {
    Object.defineProperty(error, this.#symbol, { value: true });
  }

  /** Whether something is an error of the class, and if `code` is given, one with that code. */
  isOn(error: unknown, code?: string): boolean {
    if (typeof error !== "object" || error === null || !(this.#symbol in error)) return false;
    return code === undefined || ("code" in error && error.code === code);
  }
}
