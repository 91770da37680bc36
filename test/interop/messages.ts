import type { TextMessage } from "./two-peers.ts";

/** A message as it arrives at x-pause. */
export function arriving(parts: Partial<TextMessage> = {}): TextMessage {
  return {
    id: "0b8f1c1e-6f0e-4a53-9d0f-2f6a5c1b7e11",
    route: { prev: ["analyzer"], curr: "x-pause", next: ["summarizer", "publisher"] },
    headers: { traceparent: "00-abc-01", "x-asya-priority": 5, "x-asya-fan-in": { slice: 1 } },
    payload: '{"analysis": "fine"}',
    ...parts,
  };
}

/** A message as a gateway sends it to x-resume. */
export function answering(taskId: string, parts: Partial<TextMessage> = {}): TextMessage {
  return {
    id: `resume-${taskId}`,
    route: { prev: [], curr: "x-resume", next: [] },
    headers: { "x-asya-resume-task": taskId },
    payload: '{"approved": true}',
    ...parts,
  };
}

/** Fields at two places of the payload. */
export const reviewMetadata = JSON.stringify({
  prompt: "Review this analysis",
  fields: [
    { name: "approved", type: "boolean" },
    { name: "notes", type: "string", payload_key: "/review/notes", required: false },
  ],
});
