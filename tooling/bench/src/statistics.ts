/** A sample of measurements, of which the middle and the spread are told. */
export interface Spread {
  readonly median: number;
  /** A quarter of the measurements are below. */
  readonly lower: number;
  /** A quarter of the measurements are above. */
  readonly upper: number;
}

/**
 * The median and the quartiles of some numbers.
 *
 * @example
 * ```ts
 * spreadOf([1, 2, 3, 4, 100]); // { median: 3, lower: 2, upper: 4 }
 * ```
 */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((left, right) => left - right);
  return { median: quantile(sorted, 0.5), lower: quantile(sorted, 0.25), upper: quantile(sorted, 0.75) };
}

function quantile(sorted: readonly number[], share: number): number {
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}
