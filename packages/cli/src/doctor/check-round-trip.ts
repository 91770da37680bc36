import type { Envelope } from "@holdpoint/asya";
import type { StoreFinding } from "@holdpoint/core";
import { createPauseLedger, documentKey, LedgerError } from "@holdpoint/asya";

import type { Scratch } from "./scratch.ts";

const subject = "round trip";

/** Pauses a scratch task, resumes it, has the same answer delivered again, and sees another answer refused. */
export async function checkRoundTrip(scratch: Scratch): Promise<StoreFinding> {
  const { store, signal } = scratch;
  const ledger = createPauseLedger(store);
  const taskId = `doctor-${scratch.id}`;
  scratch.remember(documentKey(taskId));
  const task: Envelope = {
    id: taskId,
    route: { prev: [], curr: "x-pause", next: ["doctor"] },
    payload: { examined: true },
  };
  const metadata = { prompt: "A scratch task of holdpoint doctor; it may be canceled.", fields: [] };
  const answer: Envelope = {
    id: `${taskId}-answer`,
    route: { prev: [], curr: "x-resume", next: [] },
    headers: { "x-asya-resume-task": taskId },
    payload: { healthy: true },
  };

  const { outcome } = await ledger.pause(task, { metadata, signal });
  if (outcome !== "paused") return broken(`a new task was taken for one that is ${outcome}`);
  const resumed = await ledger.resume(answer, { signal });
  const expected = JSON.stringify({ examined: true, healthy: true });
  if (resumed.outcome !== "resumed" || JSON.stringify(resumed.message.payload) !== expected) {
    return broken("the task that was resumed is not the one that was paused");
  }
  const replayed = await ledger.resume(answer, { signal });
  if (replayed.outcome !== "replayed" || JSON.stringify(replayed.message) !== JSON.stringify(resumed.message)) {
    return broken("the same answer, delivered again, did not get the same message again");
  }
  try {
    await ledger.resume({ ...answer, id: `${taskId}-another`, payload: { healthy: false } }, { signal });
    return broken("a second answer resumed the task once more");
  } catch (error) {
    if (!LedgerError.is(error, "already-resumed")) throw error;
  }
  return {
    subject,
    level: "ok",
    found: "a scratch task was paused and resumed; the same answer was repeated, another refused",
  };
}

function broken(found: string): StoreFinding {
  return {
    subject,
    level: "problem",
    found,
    reason: "Tasks would be lost or go on twice.",
    remedy: "Look at what is said about preconditions, and whether something else writes into the store.",
  };
}
