import type { Envelope } from "@holdpoint/asya";

/**
 * Whether a sidecar reports about a message. It is asked of the message that comes in, never of the actor's answer; the
 * answer counts only where it comes in next, which is x-sink if it has no route.
 */
export function isReported({ headers }: Envelope): boolean {
  return headers?.["x-asya-mesh-status"] !== "off";
}

/** Whether the sidecar of x-sink reports the end of a message: not of a fan-in's parts, nor of a fan-out's children. */
export function isEndReported(envelope: Envelope): boolean {
  return isReported(envelope) && envelope.headers?.["x-asya-fan-in"] === undefined && envelope.parent_id === undefined;
}

/** Whether a message came too late for its deadline, which sidecars look for in the status alone. */
export function isExpired({ status }: Envelope): boolean {
  const deadline = status?.["deadline_at"];
  return typeof deadline === "string" && Date.parse(deadline) <= Date.now();
}

/** The message as the sidecar hands it to the actor: the first one to have it writes down when that was. */
export function withFirstAttempt(envelope: Envelope): Envelope {
  const firstAttempt = new Date().toISOString().replace(/\.\d+Z$/u, "Z");
  return { ...envelope, headers: { "x-asya-first-attempt": firstAttempt, ...envelope.headers } };
}
