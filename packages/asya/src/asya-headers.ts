import type { JsonObject } from "@holdpoint/core";
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
/** Ours: which pause point a restored message comes from. */
export const trailHeader = "x-holdpoint-trail";

// These belong to one hop or one branch of the route, not to the task.
const notPersisted = new Set([
  "x-asya-fan-in",
  "x-asya-route-override",
  "x-asya-route-resolved",
  "x-asya-parent-id",
  pauseHeader,
  trailHeader,
]);

const resumeOnly = new Set([resumeTaskHeader, resumeTimeoutHeader]);

/** The headers of a message that are kept while it is paused. */
export function persistedHeaders(headers: JsonObject): JsonObject {
  return without(headers, notPersisted);
}

/**
 * The headers that a restored message goes on with: its own, and beside them what the resume message brought. The
 * pause header is not among them, or the message would pause again at once.
 */
export function restoredHeaders(resumeHeaders: JsonObject, stored: JsonObject): JsonObject {
  return { ...without(resumeHeaders, resumeOnly, notPersisted), ...without(stored, resumeOnly, notPersisted) };
}

function without(headers: JsonObject, ...names: readonly ReadonlySet<string>[]): JsonObject {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.some((set) => set.has(name))));
}

/** A header's value as text; `undefined` if it is absent or empty. */
export function textHeader(headers: JsonObject, name: string): string | undefined {
  const value = headers[name];
  // A header of digits only may arrive parsed as a number.
  const text = typeof value === "number" ? String(value) : value;
  return typeof text === "string" && text !== "" ? text : undefined;
}
