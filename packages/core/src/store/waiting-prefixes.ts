/**
 * What the keys of everything begin with that waits for a person: paused tasks, also those that had to
 * make way, and holds. A backend's `inspect` looks
 * whether a rule of the server would remove it.
 *
 * @example
 * ```ts
 * const isAtRisk = waitingPrefixes.some((prefix) => prefix.startsWith(rule.prefix) || rule.prefix.startsWith(prefix));
 * ```
 */
export const waitingPrefixes = ["paused/", "superseded/", "holds/"] as const;
