import { InvalidArgumentError } from "@commander-js/extra-typings";

/**
 * Collects options of the form `name=value` that may be given again.
 *
 * @throws {InvalidArgumentError} which commander shows with the option's name
 */
export function collectNameValue(
  text: string,
  earlier: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const at = text.indexOf("=");
  const [name, value] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1) throw new InvalidArgumentError("Expected name=value.");
  if (Object.hasOwn(earlier, name)) throw new InvalidArgumentError(`${name} is given twice.`);
  return Object.fromEntries([...Object.entries(earlier), [name, value]]);
}

/** Collects options that may be given again. */
export function collect(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text];
}

/**
 * A whole number from 1.
 *
 * @throws {InvalidArgumentError} which commander shows with the option's name
 */
export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/u.test(text)) throw new InvalidArgumentError("Expected a whole number from 1.");
  return Number(text);
}
