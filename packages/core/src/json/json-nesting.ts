/**
 * Whether objects and arrays are nested more than `levels` deep. Never recurses further than that.
 *
 * @example
 * ```ts
 * isNestedDeeper([[1]], 1); // true
 * ```
 */
export function isNestedDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  for (const item of Object.values(value)) {
    // Asked here already: most values are leaves, and a call for each takes most of the time.
    if (typeof item === "object" && isNestedDeeper(item, levels - 1)) return true;
  }
  return false;
}
