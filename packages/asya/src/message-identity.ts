import { createHash } from "node:crypto";

import type { JsonObject } from "@holdpoint/core";
import { canonicalJson, exactNumber } from "@holdpoint/core/json";

import { deadlineHeader, persistedHeaders, resumeTimeoutHeader } from "./asya-headers.ts";
import type { Envelope } from "./envelope.ts";

/** What tells one message to pause from another: equal marks are the same message, delivered again. */
export interface PauseMark {
  readonly digest: string;
  /** When a gateway created the message; `null` where no gateway says. */
  readonly createdAt: string | null;
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

/** The mark of a message that arrives at a pause point. */
export function pauseMark(envelope: Envelope): PauseMark {
  // A deadline is written by whoever handled the message last, so it may differ between deliveries.
  const { [deadlineHeader]: _deadline, ...headers } = persistedHeaders(envelope.headers ?? {});
  const { id, parent_id, route, payload } = envelope;
  const { prev, curr, next } = route;
  return {
    digest: digestOf({ id, parent_id, prev, curr, next, headers, payload }),
    createdAt: gatewayTime(envelope.status),
  };
}

/** The mark of a resume message. */
export function resumeMark(envelope: Envelope): ResumeMark {
  const timeout = envelope.headers?.[resumeTimeoutHeader];
  return {
    id: envelope.id,
    digest: digestOf(envelope.payload),
    createdAt: gatewayTime(envelope.status),
    timeout: timeout === undefined ? null : JSON.stringify(timeout),
  };
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

function digestOf(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex").slice(0, 32);
}
