/** A moment as a person reads it, and how long ago it was. */
export function describeTime(time: Date | undefined, now: Date = new Date()): string {
  if (time === undefined) return "at an unknown time";
  return `${shortTime(time)} (${describeAge(now.getTime() - time.getTime())})`;
}

/** A moment to the second, in UTC; texts of it sort as the moments do. */
export function shortTime(time: Date): string {
  return `${time.toISOString().slice(0, -".000Z".length)}Z`;
}

function describeAge(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 0) return "in the future";
  if (seconds < 120) return `${seconds} s ago`;
  if (seconds < 2 * 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${Math.floor(seconds / 86_400)} days ago`;
}
