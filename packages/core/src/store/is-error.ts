import { types } from "node:util";

/**
 * Whether something is an error, also of another realm: under Jest, and in `node:vm`, what Node.js itself throws is no
 * instance of the `Error` that modules see there.
 *
 * @example
 * ```ts
 * const message = isError(thrown) ? thrown.message : String(thrown);
 * ```
 */
export function isError(value: unknown): value is Error {
  if (value instanceof Error || types.isNativeError(value)) return true;
  // An abort's reason is a DOMException, which not every version counts among the native errors.
  return Object.prototype.toString.call(value) === "[object DOMException]";
}
