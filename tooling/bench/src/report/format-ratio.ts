import type { ComparisonRow } from "../compare.ts";

/** A ratio with the middle half of the rounds, for a table. */
export function formatRatio(row: ComparisonRow | undefined): string {
  if (row === undefined) return "-";
  const { median, lower, upper } = row.ratio;
  return `${median.toFixed(2)} (${lower.toFixed(2)} to ${upper.toFixed(2)})`;
}
