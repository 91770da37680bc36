import type { JsonObject } from "@holdpoint/core";
import { isJsonNumber } from "@holdpoint/core/json";

/** Set by x-pause to the pause metadata: the sidecar reports the task as paused and does not route the message. */
export const pauseHeader = "x-asya-pause";
/** `"off"` keeps the sidecar from reporting anything about this one message. */
export const meshStatusHeader = "x-asya-mesh-status";
/** The task that a resume message is for. */
export const resumeTaskHeader = "x-asya-resume-task";
/** Seconds left of the task's budget when it is resumed. */
export const resumeTimeoutHeader = "x-asya-resume-timeout";
/** When the task's budget ends. */
export const deadlineHeader = "x-asya-deadline-at";
/** The task's id in the A2A protocol. */
export const a2aTaskHeader = "x-asya-a2a-task-id";
/** Set by a fan-out on its parts: x-sink consumes such a message, and its sidecar reports nothing. */
export const fanInHeader = "x-asya-fan-in";
/** Ours: which pause point a restored message comes from. */
export const trailHeader = "x-holdpoint-trail";

// These belong to one delivery, one hop or one branch of the route, not to the task. A sidecar counts the time for its
// retries from `x-asya-first-attempt`: kept over a pause of days, no later actor would be tried a second time.
const notPersisted = new Set([
  "x-asya-first-attempt",
  fanInHeader,
  "x-asya-route-override",
  "x-asya-route-resolved",
  "x-asya-parent-id",
  pauseHeader,
  trailHeader,
]);

const resumeOnly = new Set([resumeTaskHeader, resumeTimeoutHeader]);

// Where the resume message has its own, the stored ones name a gateway that may be gone and a trace that has ended. A
// tracestate belongs to its traceparent. https://www.w3.org/TR/trace-context/#tracestate-header
const ofOneDelivery = [["x-asya-gateway-url"], ["traceparent", "tracestate"]] as const;

/** The headers of a message that are kept while it is paused. */
export function persistedHeaders(headers: JsonObject): JsonObject {
  return keepHeaders(headers, (name) => !notPersisted.has(name));
}

/** The headers without the time at which the task's budget ends. */
export function withoutDeadline(headers: JsonObject): JsonObject {
  return keepHeaders(headers, (name) => name !== deadlineHeader);
}

/**
 * The headers that a restored message goes on with: its own, and beside them what the resume message brought, which
 * counts where it is about the delivery rather than the task. The pause header is not among them, or the message would
 * pause again at once.
 */
export function restoredHeaders(resumeHeaders: JsonObject, stored: JsonObject): JsonObject {
  // Which side a header of one delivery is taken from: that of the first of its kind.
  const isFrom = (side: JsonObject, name: string): boolean => {
    const kind = ofOneDelivery.find((names) => names.some((each) => each === name));
    return kind === undefined || (textHeader(resumeHeaders, kind[0]) === undefined) === (side === stored);
  };
  const restored = (side: JsonObject): JsonObject =>
    keepHeaders(side, (name) => !resumeOnly.has(name) && !notPersisted.has(name) && isFrom(side, name));
  return { ...restored(resumeHeaders), ...restored(stored) };
}

/** Mostly all are kept, and then nothing is copied. */
function keepHeaders(headers: JsonObject, isKept: (name: string) => boolean): JsonObject {
  const names = Object.keys(headers);
  if (names.every(isKept)) return headers;
  return Object.fromEntries(names.filter(isKept).map((name) => [name, headers[name]]));
}

/** A header's value as text; `undefined` if it is absent, empty, or none that a text can stand for. */
export function textHeader(headers: JsonObject, name: string): string | undefined {
  const value = headers[name];
  if (typeof value === "string") return value === "" ? undefined : value;
  // A header of digits only, or of the word true, may arrive parsed.
  return typeof value === "boolean" || isJsonNumber(value) ? JSON.stringify(value) : undefined;
}
