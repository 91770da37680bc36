import { isJsonNumber } from "./lossless-json.ts";

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
  if (value === null || typeof value === "string" || typeof value === "boolean") return undefined;
  if (typeof value === "number") return Number.isFinite(value) ? undefined : `${name} is ${value}`;
  if (value === undefined) return `${name} is undefined`;
  if (typeof value !== "object") return `${name} is a ${typeof value}`;
  if (isJsonNumber(value)) return undefined;
  if (levels === 0) return `${shorten(name)} is nested too deep, or contains itself`;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const problem = jsonProblem(value[index], `${name}[${index}]`, levels - 1);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  const prototype = Object.getPrototypeOf(value) as object | null;
  // Another realm, such as a test runner's, has an Object of its own.
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  if (!isPlain) return `${name} is a ${prototype.constructor?.name ?? "class instance"}, not a plain object`;
  for (const [key, item] of Object.entries(value)) {
    const problem = item === undefined ? undefined : jsonProblem(item, `${name}.${key}`, levels - 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function shorten(name: string): string {
  return name.length > 100 ? `${name.slice(0, 100)}…` : name;
}
