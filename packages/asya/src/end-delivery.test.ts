import { beforeEach, describe, expect, it } from "vitest";

import { atNextPause, openLedger, pauseEnvelope, resumeEnvelope } from "../test/ledger-fixture.ts";
import type { Envelope } from "./envelope.ts";
import type { PauseLedger } from "./pause-ledger.ts";

// What x-sink consumes without a report.
const quiet = (id: string): object => ({
  next: [],
  headers: { "x-asya-mesh-status": "off", "x-asya-fan-in": { origin_id: id } },
});
const loop = { prev: ["analyzer"], curr: "x-pause", next: ["fix", "x-pause", "publisher"] };
const second = { prompt: "Publish?", fields: [] };

let ledger: PauseLedger;
beforeEach(async () => {
  ({ ledger } = await openLedger());
});

/** Answers a task, and brings it to its next pause point. */
async function goOn(paused: Envelope, answer: Envelope): Promise<Envelope> {
  await ledger.pause(paused, { metadata: { prompt: "Review?", fields: [] } });
  const { message } = await ledger.resume(answer);
  const arrived = atNextPause(answer, message);
  await ledger.pause(arrived, { metadata: second });
  return arrived;
}

describe("a pause that the task has left behind", () => {
  it.each([
    ["gone on", async () => void (await ledger.resume(resumeEnvelope()))],
    ["been canceled", async () => void (await ledger.cancel("task-1"))],
  ])("ends without a report once the task has %s", async (_name, end) => {
    const envelope = pauseEnvelope({ headers: { "x-asya-gateway-url": "http://gateway", traceparent: "00-a" } });
    await ledger.pause(envelope);
    await end();
    expect(await ledger.pause(envelope)).toMatchObject({ outcome: "stale" });
    const { message } = await ledger.pause(envelope);
    expect(message).toEqual({ ...quiet("task-1"), payload: envelope.payload });
  });

  it("ends without a report where the task waits under another id", async () => {
    const first = pauseEnvelope({ route: loop });
    await goOn(first, resumeEnvelope());
    expect(await ledger.pause(first)).toMatchObject({ outcome: "stale", message: quiet("task-1") });
  });

  it("tells what is asked now where the task waits under the same id, since it was reported as running before", async () => {
    const first = pauseEnvelope({ route: loop });
    await goOn(first, resumeEnvelope({ id: "task-1" }));
    const { outcome, message } = await ledger.pause(first, { metadata: { prompt: "Review?", fields: [] } });
    expect(outcome).toBe("stale");
    expect(message).toMatchObject({
      next: ["publisher"],
      headers: { "x-asya-pause": second },
      payload: { analysis: "fine", approved: true },
    });
    expect(message.headers).not.toHaveProperty("x-asya-mesh-status");
  });
});

describe("an answer to a pause point that the task has left", () => {
  it("tells what is asked now where the task waits under its id", async () => {
    const answer = resumeEnvelope();
    await goOn(pauseEnvelope({ route: loop }), answer);
    expect(await ledger.resume(answer)).toMatchObject({
      outcome: "absorbed",
      message: { next: ["publisher"], headers: { "x-asya-pause": second } },
    });
  });

  it("ends without a report once that one was answered as well", async () => {
    const answer = resumeEnvelope();
    const other = resumeEnvelope({ id: "resume-message-2", payload: { approved: false } });
    await goOn(pauseEnvelope({ route: loop }), answer);
    await ledger.resume(other);
    const { outcome, message } = await ledger.resume(answer);
    expect(outcome).toBe("absorbed");
    expect(message).toMatchObject(quiet("resume-message-1"));
  });
});
