import { createHash, hash } from "node:crypto";

import type { JsonObject } from "@holdpoint/core";
import { canonicalJson, exactNumber } from "@holdpoint/core/json";

import { a2aTaskHeader, persistedHeaders, resumeTimeoutHeader, textHeader, withoutDeadline } from "./asya-headers.ts";
import type { Envelope } from "./envelope.ts";
import type { PayloadJson } from "./payload-json.ts";
import { aroundPayload } from "./payload-json.ts";

const digestLength = 32;

/** What tells one message to pause from another: equal marks are the same message, delivered again. */
export interface PauseMark {
  readonly digest: string;
  /** When a gateway created the message; `null` where no gateway says. */
  readonly createdAt: string | null;
  /** A sidecar may have stamped that time, anew at each delivery, because the message has no status of its own. */
  readonly mayBeStamped?: true | undefined;
}

/** What tells one resume message from another. */
export interface ResumeMark {
  /** The resume envelope's id, which some gateways use for every resume of a task. */
  readonly id: string;
  readonly digest: string;
  /** When a gateway created the message; `null` where no gateway says. */
  readonly createdAt: string | null;
  /** What was left of the budget when the gateway created the message; `null` where it does not say. */
  readonly timeout: string | null;
}

/**
 * The mark of a message that arrives at a pause point.
 *
 * @param payloadJson the payload as canonical JSON, where it has been written already
 */
export function pauseMark(envelope: Envelope, payloadJson?: PayloadJson): PauseMark {
  // A deadline is written by whoever handled the message last, so it may differ between deliveries.
  const headers = withoutDeadline(persistedHeaders(envelope.headers ?? {}));
  const { id, parent_id, route, payload } = envelope;
  const { prev, curr, next } = route;
  return {
    // In the order of the digest's text already.
    digest:
      payloadJson === undefined
        ? digestOf(canonicalJson({ curr, headers, id, next, parent_id, payload, prev }))
        : digestAround(canonicalJson({ curr, headers, id, next, parent_id }), payloadJson, canonicalJson({ prev })),
    createdAt: gatewayTime(envelope.status),
    ...(mayBeStamped(envelope) ? { mayBeStamped: true } : {}),
  };
}

/** The mark of a resume message. */
export function resumeMark(envelope: Envelope): ResumeMark {
  const timeout = envelope.headers?.[resumeTimeoutHeader];
  return {
    id: envelope.id,
    digest: digestOf(canonicalJson(envelope.payload)),
    createdAt: gatewayTime(envelope.status),
    timeout: timeout === undefined ? null : JSON.stringify(timeout),
  };
}

/** Whether two messages were created at the same time, as far as gateways tell. */
export function relateTimes(left: PauseMark, right: PauseMark): "same" | "different" | "unknown" {
  if (left.createdAt !== null && left.createdAt === right.createdAt) return "same";
  return certainTime(left) === null && certainTime(right) === null ? "unknown" : "different";
}

/** When a gateway created a message; `null` where that is not certain. */
export function certainTime({ createdAt, mayBeStamped: isInDoubt }: PauseMark): string | null {
  return isInDoubt === true ? null : createdAt;
}

/** Same id and same content; clocks are not asked. */
export function isSameResume(left: ResumeMark, right: ResumeMark): boolean {
  return left.id === right.id && left.digest === right.digest;
}

/**
 * Gateways give `created_at` in whole seconds, the same at each delivery of a message. Where it has a fraction, a
 * sidecar stamped it, anew at each delivery: then it says nothing.
 */
function gatewayTime(status: JsonObject | undefined): string | null {
  const createdAt = status?.["created_at"];
  const number = exactNumber(createdAt);
  if (number !== undefined) return /e-/u.test(number) ? null : number;
  if (typeof createdAt !== "string") return null;
  const milliseconds = Date.parse(createdAt);
  const fraction = /\.(\d+)/u.exec(createdAt)?.[1] ?? "";
  return Number.isNaN(milliseconds) || /[1-9]/u.test(fraction) ? null : new Date(milliseconds).toISOString();
}

/**
 * A sidecar that finds no status stamps `created_at` and `updated_at` alike, and in whole seconds. A gateway's status
 * looks the same where the first sidecar, which sets `updated_at`, has the message within the second; a deadline and an
 * A2A id are a gateway's in any case.
 */
function mayBeStamped({ status, headers = {} }: Envelope): boolean {
  const createdAt = gatewayTime(status);
  if (createdAt === null || createdAt !== gatewayTime({ created_at: status?.["updated_at"] })) return false;
  return status?.["deadline_at"] === undefined && textHeader(headers, a2aTaskHeader) === undefined;
}

function digestOf(canonical: string): string {
  return hash("sha256", canonical).slice(0, digestLength);
}

/** The digest of an object that has the members of one before a payload, and those of another after it. */
function digestAround(start: string, payloadJson: PayloadJson, end: string): string {
  const { before, after } = aroundPayload(start, end);
  if (typeof payloadJson === "string") return digestOf(before + payloadJson + after);
  return createHash("sha256").update(before).update(payloadJson).update(after).digest("hex").slice(0, digestLength);
}
