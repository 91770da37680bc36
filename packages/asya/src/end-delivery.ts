import type { ObjectEnvelope } from "./assert-envelope.ts";
import { fanInHeader, meshStatusHeader, pauseHeader } from "./asya-headers.ts";
import type { OutgoingMessage } from "./envelope.ts";
import type { PausedDocument, TaskDocument } from "./pause-document.ts";
import { restoredNext } from "./stored-route.ts";

/**
 * What ends the delivery of a message that is to have no effect: a pause point, or an answer, that the task has left
 * behind.
 *
 * No answer is silent by itself. A sidecar reports what it does not route: as paused where there is a pause header, and
 * as succeeded where there is no frame; and it asks for `x-asya-mesh-status` in the message that came in, not in the
 * answer. But a message without a route goes to x-sink, and that one is consumed there without a report if it carries
 * both of these headers.
 *
 * Before it called us, the sidecar has reported the task as running. Where the task waits under this very id, that is
 * put right: it is reported as paused, with what is asked now.
 */
export function endDelivery(envelope: ObjectEnvelope, document: TaskDocument): OutgoingMessage {
  if (document.state === "paused" && document.point.envelopeId === envelope.id) return reportWaiting(document);
  // The same shape that a fan-out writes, for whoever looks into it; x-sink only asks whether it is there.
  const headers = { [meshStatusHeader]: "off", [fanInHeader]: { origin_id: envelope.id } };
  return { next: [], headers, payload: envelope.payload };
}

/** What has a waiting task reported as paused: its own message, and what was asked with it. */
export function reportWaiting({ message, metadata }: PausedDocument): OutgoingMessage {
  const headers = { ...message.headers, [pauseHeader]: metadata };
  return { next: restoredNext(message.route), headers, payload: message.payload };
}
