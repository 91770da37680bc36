/**
 * One thing that a backend has found out about its server: a setting on which a store's promises rest and that no
 * operation of a store shows, such as whether the server keeps its data when it restarts.
 *
 * @example
 * ```ts
 * const finding: StoreFinding = {
 *   subject: "eviction",
 *   level: "problem",
 *   found: "maxmemory-policy is allkeys-lru",
 *   reason: "A paused task is removed when memory runs short.",
 *   remedy: "Set maxmemory-policy noeviction.",
 * };
 * ```
 */
export interface StoreFinding {
  /** What it is about, in a word or two: `durability`, `eviction`, `lifecycle`. */
  readonly subject: string;
  /** `problem`: paused tasks will be lost or resumed twice; `unknown`: the server did not tell. */
  readonly level: "ok" | "warning" | "problem" | "unknown";
  /** What is the case, without a full stop and without any credential. */
  readonly found: string;
  /** Why it matters, as a sentence. */
  readonly reason?: string | undefined;
  /** What to do about it, as an imperative sentence. */
  readonly remedy?: string | undefined;
}
