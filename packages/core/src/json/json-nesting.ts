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
  // That most values are leaves is asked here already: a call for each takes most of the time.
  const isDeep = (item: unknown): boolean => typeof item === "object" && isNestedDeeper(item, levels - 1);
  if (Array.isArray(value)) return value.some(isDeep);
  // No list is made of what is only looked at.
  for (const name in value) if (isDeep((value as Readonly<Record<string, unknown>>)[name])) return true;
  return false;
}
