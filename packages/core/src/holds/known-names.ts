import { HoldError } from "./hold-error.ts";

/**
 * Refuses a name that nobody reads: mistyped, it would leave out who may not answer, or for how long a question waits.
 *
 * @throws {HoldError} `invalid-argument`
 */
export function assertKnownNames(given: object, known: readonly string[], where: string): void {
  const unknown = Object.entries(given).find(([name, value]) => value !== undefined && !known.includes(name));
  if (unknown === undefined) return;
  const [name] = unknown;
  throw new HoldError(
    "invalid-argument",
    `${where}: there is no ${JSON.stringify(name)}; there are ${known.join(", ")}.`,
  );
}
