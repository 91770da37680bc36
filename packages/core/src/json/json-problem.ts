import { exactJson } from "./exact-json.ts";
import { isNestedDeeper } from "./json-nesting.ts";

/** How deep JSON may be nested where nobody says otherwise. */
const defaultLevels = 900;

/**
 * Why a value is not JSON, and where; `undefined` if it is. What `JSON.stringify` would change in silence is named here:
 * NaN, dates, maps, functions, holes in arrays. A name whose value is `undefined` counts as absent.
 *
 * @param name what the value is called in the answer
 * @param levels how deep objects and arrays may be nested
 * @example
 * ```ts
 * jsonProblem({ amount: Number.NaN }, "content"); // "content.amount is NaN"
 * ```
 */
export function jsonProblem(value: unknown, name: string, levels: number = defaultLevels): string | undefined {
  if (isNestedDeeper(value, levels)) return `${name} is nested too deep, or contains itself`;
  let first: string | undefined;
  exactJson(value, name, (problem) => (first ??= problem));
  return first;
}
