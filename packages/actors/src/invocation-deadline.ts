import type { ActorMessage } from "./actor-message.ts";

// A handler that is told to stop needs a moment to give up and answer before the sidecar kills the pod.
const longestMarginMs = 1000;
const marginShare = 0.1;
// Longer timers fire at once: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args
const longestTimerMs = 2 ** 31 - 1;

/**
 * How long a handler may work on a message, in milliseconds: a little less than the shortest of the actor's timeout and
 * the deadlines that the message carries.
 *
 * A deadline that has passed does not count. A sidecar that enforces deadlines would not have handed the message over;
 * and a header that was stored with a paused message may be days old.
 */
export function invocationBudgetMs(message: ActorMessage, actorTimeoutMs: number, now: number): number {
  const deadlines = [message.status?.["deadline_at"], message.headers["x-asya-deadline-at"]]
    .map((deadline) => (typeof deadline === "string" ? Date.parse(deadline) - now : Number.NaN))
    .filter((leftMs) => leftMs > 0);
  const leftMs = Math.min(actorTimeoutMs, ...deadlines);
  return afterMargin(leftMs);
}

/** A little less than what a sidecar waits, so that what took too long is still answered; as a timer takes it. */
export function afterMargin(leftMs: number): number {
  return Math.min(leftMs - Math.min(longestMarginMs, leftMs * marginShare), longestTimerMs);
}
