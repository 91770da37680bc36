const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const part = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/uy;

/**
 * A duration as Go writes it (`5m`, `1h30m`, `1.5s`), or plain seconds (`300`), in milliseconds; `undefined` if the
 * text is neither, or stands for more than a number holds.
 * https://pkg.go.dev/time#ParseDuration
 */
export function parseDurationMs(text: string): number | undefined {
  if (/^\d+(?:\.\d+)?$/u.test(text)) return finite(Number(text) * 1000);
  let totalMs = 0;
  part.lastIndex = 0;
  while (part.lastIndex < text.length) {
    const match = part.exec(text);
    if (match === null) return undefined;
    totalMs += Number(match[1]) * (unitMs[match[2] ?? ""] ?? Number.NaN);
  }
  return text === "" ? undefined : finite(totalMs);
}

/** Digits may be more than a number holds. */
function finite(durationMs: number): number | undefined {
  return Number.isFinite(durationMs) ? durationMs : undefined;
}
