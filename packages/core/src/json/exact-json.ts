import { exactNumber } from "./json-number.ts";
import { isJsonNumber, rawJsonNumber } from "./lossless-json.ts";

/**
 * The value as JSON holds it, without loss: what JSON cannot hold is reported, with its place, rather than dropped or
 * changed (`NaN`, a `BigInt`, a `Date`, a gap in a list). A property that is `undefined` counts as absent. Negative zero
 * becomes a number that keeps its text, since `JSON.stringify` would drop its sign.
 *
 * The value itself is never changed; it is handed back where nothing had to be replaced. It must not be nested so deep
 * that it cannot be walked.
 *
 * @example
 * ```ts
 * exactJson({ amount: 10n }, "payload", (problem) => problems.push(problem)); // "payload.amount is a bigint"
 * ```
 */
export function exactJson(value: unknown, path: string, report: (problem: string) => void): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (!Number.isFinite(value)) report(`${path} is ${value}`);
      return Object.is(value, -0) ? rawJsonNumber("-0") : value;
    case "object":
      if (value === null) return value;
      if (isJsonNumber(value)) {
        if (exactNumber(value) === undefined) report(`${path} is raw JSON that is no number`);
        return value;
      }
      return Array.isArray(value) ? exactArray(value, path, report) : exactObject(value, path, report);
    case "undefined":
    case "bigint":
    case "symbol":
    case "function":
      report(`${path} is ${value === undefined ? "undefined" : `a ${typeof value}`}`);
      return value;
  }
}

function exactArray(items: readonly unknown[], path: string, report: (problem: string) => void): unknown {
  if (Object.getPrototypeOf(items) !== null && !isPlainArray(items)) report(`${path} is ${className(items)}`);
  // The elements and the length, and nothing else.
  if (ownNames(items) !== items.length + 1) {
    report(`${path} is a list with a gap or with properties of its own`);
    return items;
  }
  let copy: unknown[] | undefined;
  for (let index = 0; index < items.length; index += 1) {
    const item = items[index];
    if (isExact(item)) continue;
    const exact = exactJson(item, `${path}[${index}]`, report);
    if (exact !== item) (copy ??= [...items])[index] = exact;
  }
  return copy ?? items;
}

function exactObject(value: object, path: string, report: (problem: string) => void): unknown {
  if (!isPlainObject(value)) {
    report(`${path} is ${className(value)}`);
    return value;
  }
  const names = Object.keys(value);
  if (ownNames(value) !== names.length) {
    report(`${path} has a property that JSON leaves out: one named by a symbol, or one that is not enumerable`);
  }
  let copy: Map<string, unknown> | undefined;
  for (const name of names) {
    const item = (value as Readonly<Record<string, unknown>>)[name];
    if (item === undefined || isExact(item)) continue;
    const exact = exactJson(item, `${path}.${name}`, report);
    // Two values that are the same are so to this comparison too, except for zeros of different signs.
    if (exact !== item) (copy ??= new Map(Object.entries(value))).set(name, exact);
  }
  return copy === undefined ? value : Object.fromEntries(copy);
}

/** Whether a value is plainly JSON: most are, and nobody needs the text that says where they stand. */
function isExact(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0);
  return typeof value === "string" || typeof value === "boolean" || value === null;
}

/** How many properties of its own an object has. `Reflect.ownKeys` tells the same and takes six times as long. */
function ownNames(value: object): number {
  return Object.getOwnPropertyNames(value).length + Object.getOwnPropertySymbols(value).length;
}

/** Also of another realm, whose Object is not ours. */
function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, "propertyIsEnumerable");
}

function isPlainArray(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Array.prototype || (Array.isArray(prototype) && Object.hasOwn(prototype, "concat"));
}

function className(value: object): string {
  const { constructor } = value as { readonly constructor?: unknown };
  const name = typeof constructor === "function" ? constructor.name : "";
  return `a ${name === "" || name === "Object" ? "class instance" : name}, not a plain object`;
}
