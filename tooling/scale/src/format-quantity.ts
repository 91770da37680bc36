const units = ["B", "KiB", "MiB", "GiB", "TiB"];

/** A size, in two digits. */
export function formatSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${twoDigits(value)} ${units[unit]}`;
}

/** A time for people, in two digits. */
export function formatTime(seconds: number): string {
  if (seconds < 100) return `${twoDigits(seconds)} s`;
  if (seconds < 6_000) return `${twoDigits(seconds / 60)} min`;
  if (seconds < 360_000) return `${twoDigits(seconds / 3_600)} h`;
  return `${twoDigits(seconds / 86_400)} days`;
}

/** An amount of money, in two digits. */
export function formatMoney(dollars: number): string {
  return `$${twoDigits(dollars)}`;
}

/** Large numbers with a space between the thousands, as everywhere in the documentation. */
export function twoDigits(value: number): string {
  const rounded = Number(value.toPrecision(2));
  return rounded >= 10_000 ? String(rounded).replaceAll(/\B(?=(?:\d{3})+$)/gu, " ") : String(rounded);
}
