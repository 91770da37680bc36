import { InvalidArgumentError } from "@commander-js/extra-typings";

/**
 * A port on the command line.
 *
 * @throws {InvalidArgumentError} which commander shows with the option's name
 */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/u.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new InvalidArgumentError("Expected a whole number from 0 to 65535.");
  return port;
}
