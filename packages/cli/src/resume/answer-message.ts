import { createHash } from "node:crypto";

import type { Envelope, ResumeResult, TaskDetails } from "@holdpoint/asya";
import type { JsonObject } from "@holdpoint/core";

/**
 * The id of the message that answers one pause point, the same at each call with the same answerer. It is none of the
 * task's own ids: a gateway may answer under these, and an equal answer would count as the same message.
 */
export function answerId({ taskId, sequence, pausedAt }: TaskDetails, by: string): string {
  const point = JSON.stringify([taskId, sequence, pausedAt?.getTime() ?? null, by]);
  const hex = createHash("sha256").update(point).digest("hex");
  // A UUID of version 8, whose content is ours: gateways may insist on UUIDs.
  // https://www.rfc-editor.org/rfc/rfc9562#section-5.8
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}

/** The message that answers a task, as a gateway would send it to x-resume. */
export function answerMessage({ taskId }: TaskDetails, id: string, input: JsonObject): Envelope {
  return {
    id,
    route: { prev: [], curr: "x-resume", next: [] },
    headers: { "x-asya-resume-task": taskId },
    // In whole seconds, as gateways give it: where the id is used for several answers, it tells these apart.
    status: { created_at: new Date().toISOString().replace(/\.\d+Z$/u, "Z") },
    payload: input,
  };
}

/** The restored message as the runtime of x-resume would send it on: its route is shifted to the next actor. */
export function restoredEnvelope({ message }: ResumeResult, id: string): Envelope {
  const { next, headers, payload, status } = message;
  const [curr = "", ...rest] = next;
  return {
    id,
    route: { prev: ["x-resume"], curr, next: rest },
    headers,
    ...(status === undefined ? {} : { status }),
    payload,
  };
}
