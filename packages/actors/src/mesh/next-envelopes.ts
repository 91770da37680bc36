import { randomUUID } from "node:crypto";

import type { Envelope } from "@holdpoint/asya";

import type { AnsweredFrame } from "./invoke-actor.ts";

/**
 * The messages that follow from an actor's answer. Of several the first keeps the id, and the others are its children.
 * A frame without headers gets those of the message that came in. Of the status a sidecar passes on only when the message
 * was created: a deadline that an actor sets holds until the next hop.
 */
export function nextEnvelopes(envelope: Envelope, frames: readonly AnsweredFrame[]): readonly Envelope[] {
  return frames.map((frame, index) => {
    const createdAt = (frame.status ?? envelope.status)?.["created_at"];
    return {
      ...(index === 0
        ? { id: envelope.id, ...(envelope.parent_id === undefined ? {} : { parent_id: envelope.parent_id }) }
        : { id: randomUUID(), parent_id: envelope.id }),
      route: frame.route,
      headers: frame.headers ?? envelope.headers ?? {},
      status: { phase: "pending", ...(createdAt === undefined ? {} : { created_at: createdAt }) },
      payload: frame.payload,
    };
  });
}
