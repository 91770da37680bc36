import type { DirectoryEntry } from "./checkpoint-store.ts";

/**
 * Where a key stands in the directory that a prefix names: in it, or in a directory in it.
 *
 * @example
 * ```ts
 * directoryEntry("a/b/c.json", "a/"); // { key: "a/b/", isDirectory: true }
 * ```
 */
export function directoryEntry(key: string, prefix: string): DirectoryEntry {
  const slash = key.indexOf("/", prefix.length);
  return slash < 0 ? { key, isDirectory: false } : { key: key.slice(0, slash + 1), isDirectory: true };
}
