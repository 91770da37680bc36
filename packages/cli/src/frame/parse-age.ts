import { InvalidArgumentError } from "@commander-js/extra-typings";

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/**
 * An age on the command line, such as `90s`, `2h`, `1d12h` or `30d`, in milliseconds.
 *
 * @throws {InvalidArgumentError} which commander shows with the option's name
 */
export function parseAge(text: string): number {
  const parts = Array.from(text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/gu));
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text) {
    throw new InvalidArgumentError("Expected an age such as 90s, 2h, 1d12h or 30d.");
  }
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * unitMs[unit as keyof typeof unitMs], 0);
}
