import { createMemoryStore } from "@holdpoint/core";
import type { CheckpointStore, JsonObject } from "@holdpoint/core";

import type { CountingStore } from "../../core/test/count-requests.ts";
import { countRequests } from "../../core/test/count-requests.ts";
import { createPauseLedger } from "../src/create-pause-ledger.ts";
import type { Envelope, OutgoingMessage } from "../src/envelope.ts";
import type { PauseLedger } from "../src/pause-ledger.ts";

/** A ledger on a memory store, with a clock that moves a second at each look. */
export async function openLedger(): Promise<
  CountingStore & { readonly ledger: PauseLedger; readonly elapse: (ms: number) => void }
> {
  const counting = countRequests(await createMemoryStore());
  let time = Date.parse("2026-01-31T12:00:00Z");
  const ledger = createPauseLedger(counting.store, { now: () => new Date((time += 1_000)) });
  return { ...counting, ledger, elapse: (ms) => void (time += ms) };
}

/** A message as it arrives at x-pause. */
export function pauseEnvelope(parts: Partial<Envelope> = {}): Envelope {
  return {
    id: "task-1",
    route: { prev: ["analyzer"], curr: "x-pause", next: ["summarizer"] },
    headers: { traceparent: "00-abc" },
    payload: { analysis: "fine" },
    ...parts,
  };
}

/** A message as a gateway sends it to x-resume. */
export function resumeEnvelope(parts: Partial<Envelope> = {}): Envelope {
  return {
    id: "resume-message-1",
    route: { prev: [], curr: "x-resume", next: [] },
    headers: { "x-asya-resume-task": "task-1" },
    payload: { approved: true },
    ...parts,
  };
}

/** A restored message as it arrives at the next x-pause, after the actors of its route have run. */
export function atNextPause(resume: Envelope, restored: OutgoingMessage, parts: Partial<Envelope> = {}): Envelope {
  const [first = "", ...rest] = restored.next;
  const index = rest.indexOf("x-pause");
  return {
    id: resume.id,
    route: { prev: ["x-resume", first, ...rest.slice(0, index)], curr: "x-pause", next: rest.slice(index + 1) },
    headers: restored.headers,
    payload: restored.payload,
    ...parts,
  };
}

/** What a plain reader finds under a key. */
export async function readJson(store: CheckpointStore, key: string): Promise<JsonObject> {
  const checkpoint = await store.get(key);
  return JSON.parse(new TextDecoder().decode(checkpoint?.body)) as JsonObject;
}
