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
  return levels === 0 || Object.values(value).some((item) => isNestedDeeper(item, levels - 1));
}
