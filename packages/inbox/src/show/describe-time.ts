import type { Html } from "./html.ts";
import { html } from "./html.ts";

const units = [
  ["year", 31_536_000_000],
  ["month", 2_592_000_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
] as const;

const halfMinuteMs = 30_000;

const relative = new Intl.RelativeTimeFormat("en", { numeric: "always" });
const absolute = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });

/** A time as it is from now: `2 hours ago`, `in 5 minutes`. */
export function describeAge(time: Date, now: Date): string {
  const exact = time.getTime() - now.getTime();
  // A question that has just been asked and expires in an hour does so in an hour, not in 59 minutes.
  const ms = exact + Math.sign(exact) * halfMinuteMs;
  for (const [unit, unitMs] of units) {
    if (Math.abs(ms) >= unitMs) return relative.format(Math.trunc(ms / unitMs), unit);
  }
  return exact > 0 ? "in less than a minute" : "just now";
}

/** A time as people say it, and as programs and those who look closer read it. */
export function timeTag(time: Date, now: Date): Html {
  return html`<time datetime="${time.toISOString()}" title="${absolute.format(time)} UTC"
    >${describeAge(time, now)}</time
  >`;
}

/** A time in full, in the one zone that is the same for everybody. */
export function exactTimeTag(time: Date): Html {
  return html`<time datetime="${time.toISOString()}">${absolute.format(time)} UTC</time>`;
}
