import type { BigIntStats } from "node:fs";

/**
 * The version of a file: when it was last changed, which file it is, and how long. Our own writes never share the first
 * ({@link stampUniqueTime}), and whoever else replaces or rewrites the file changes at least one of the three, unless they
 * rewrite it in place, at the same length, and within one tick of the filesystem's clock or with the old time put back.
 */
export function fileVersion(stats: BigIntStats): string {
  return `${stats.mtimeNs}-${stats.ino}-${stats.size}`;
}
