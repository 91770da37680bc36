import { isJsonNumber } from "./lossless-json.ts";

// Beyond this many zeros a number is written with an exponent.
const maxZeros = 30;

/**
 * The exact value of a number in one text: `1`, `1.0` and `1e0` are `"1"`, and 9007199254740993 is not …992. `undefined`
 * for what is no number that JSON can write.
 *
 * @example
 * ```ts
 * exactNumber(parseLosslessJson("1.50")); // "15e-1"
 * ```
 */
export function exactNumber(value: unknown): string | undefined {
  // Nearly always; what follows takes ten times as long.
  if (Number.isSafeInteger(value)) return String(value);
  if (!isJsonNumber(value)) return undefined;
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/u.exec(JSON.stringify(value));
  if (parts === null) return undefined;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = parts;
  const digits = whole + fraction;
  let first = 0;
  while (digits[first] === "0") first += 1;
  let end = digits.length;
  while (end > first && digits[end - 1] === "0") end -= 1;
  if (first === end) return "0";
  const significant = sign + digits.slice(first, end);
  const power = BigInt(exponent) + BigInt(whole.length - end);
  return power >= 0 && power <= maxZeros ? significant + "0".repeat(Number(power)) : `${significant}e${power}`;
}
