import { exactNumber } from "./json-number.ts";
import { inOrder, rawJsonNumber } from "./lossless-json.ts";

/**
 * Whether two values are the same JSON: numbers by their value (`1` is `1.0`, 9007199254740993 is not …992), objects
 * whatever the order of their names.
 *
 * @example
 * ```ts
 * isSameJson({ a: 1, b: [] }, parseLosslessJson('{"b":[],"a":1.0}')); // true
 * ```
 */
export function isSameJson(left: unknown, right: unknown): boolean {
  return comparable(left) === comparable(right);
}

function comparable(value: unknown): string {
  return JSON.stringify(inOrder(value, (number) => rawJsonNumber(exactNumber(number) ?? "null")));
}
