import { createMemoryStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { describe, expect, it, onTestFinished } from "vitest";

import { countRequests } from "../../core/test/count-requests.ts";
import { pauseEnvelope, resumeEnvelope } from "../test/ledger-fixture.ts";
import { createPauseLedger } from "./create-pause-ledger.ts";
import type { PauseLedger } from "./pause-ledger.ts";

const largeBytes = 1024 * 1024;
const payload = { text: "x".repeat(largeBytes) };
const answer = (task: string, id = "answer-1") => resumeEnvelope({ id, headers: { "x-asya-resume-task": task } });

interface Started {
  readonly store: CheckpointStore;
  readonly ledger: PauseLedger;
  readonly takeRequests: () => readonly string[];
  /** What was asked for, in bytes. */
  readonly asked: number[];
  readonly admit: (bytes: number) => Promise<void>;
}

async function start(options: { readonly retentionMs?: number } = {}): Promise<Started> {
  const { store, takeRequests } = countRequests(await createMemoryStore());
  onTestFinished(() => store.close());
  const asked: number[] = [];
  const admit = async (bytes: number): Promise<void> => void asked.push(bytes);
  return { store, takeRequests, ledger: createPauseLedger(store, options), asked, admit };
}

/** As another x-pause stores it. */
function foreign(id: string, text: string, a2aTaskId: string): Uint8Array {
  const headers = { "x-asya-a2a-task-id": a2aTaskId };
  const route = { prev: ["a"], curr: "x-pause", next: ["x-resume", "b"] };
  return Buffer.from(JSON.stringify({ id, route, headers, payload: { text }, _pause_metadata: {} }));
}

describe("a ledger that is told what may be read", () => {
  it("does not ask for small tasks, and reads them as often as one that is not told", async () => {
    const { ledger, takeRequests, asked, admit } = await start();
    await ledger.pause(pauseEnvelope(), { admit });
    takeRequests();
    await ledger.resume(answer("task-1"), { admit });
    expect(takeRequests()).toEqual(["get paused/task-1.json", "put paused/task-1.json"]);
    expect(asked).toEqual([]);
  });

  it("asks before it reads a large task, whatever it wants with it, for as many bytes as it has", async () => {
    const { store, ledger, takeRequests, asked, admit } = await start({ retentionMs: 60_000 });
    await ledger.pause(pauseEnvelope({ payload, headers: { "x-asya-a2a-task-id": "a2a-1" } }));
    const sizeBytes = async (): Promise<number> => (await store.get("paused/task-1.json"))?.body.byteLength ?? 0;
    const pausedBytes = await sizeBytes();
    await ledger.inspect("task-1", { admit });
    await ledger.pause(pauseEnvelope({ payload, headers: { "x-asya-a2a-task-id": "a2a-1" } }), { admit });
    expect(asked.splice(0)).toEqual([pausedBytes, pausedBytes]);
    takeRequests();
    await ledger.resume(answer("task-1"), { admit });
    expect(takeRequests().slice(0, 3)).toEqual([
      "get paused/task-1.json",
      "get paused/task-1.json",
      "put paused/task-1.json",
    ]);
    // The second id is let go of by what its task has become.
    expect(asked.splice(0)).toEqual([pausedBytes, (await sizeBytes()) - pausedBytes]);
    await ledger.resume(answer("task-1"), { admit });
    expect(asked.splice(0)).toEqual([await sizeBytes()]);
    await ledger.pause(pauseEnvelope({ id: "task-2", payload }));
    await ledger.cancel("task-2", { admit });
    expect(asked).toHaveLength(1);
  });

  it("leaves a task as it is where there will be no room, and lets its answer come again", async () => {
    const { ledger } = await start();
    await ledger.pause(pauseEnvelope({ payload }));
    const reason = new Error("no turn");
    const admit = (): Promise<void> => Promise.reject(reason);
    await expect(ledger.resume(answer("task-1"), { admit })).rejects.toBe(reason);
    await expect(ledger.cancel("task-1", { admit })).rejects.toBe(reason);
    expect(await ledger.inspect("task-1")).toMatchObject({ state: "paused" });
    expect((await ledger.resume(answer("task-1"))).outcome).toBe("resumed");
  });

  it("claims a task once that was resumed by another while it waited for room", async () => {
    const { ledger } = await start();
    await ledger.pause(pauseEnvelope({ payload }));
    const admit = async (): Promise<void> => void (await ledger.resume(answer("task-1", "the-other")));
    await expect(ledger.resume(answer("task-1", "mine"), { admit })).rejects.toMatchObject({ code: "already-resumed" });
  });

  it("looks through the large tasks of other programs one at a time, in the room for the largest", async () => {
    const { store, ledger, asked, admit } = await start();
    for (const [index, factor] of [2, 3, 1].entries()) {
      await store.put(`paused/f-${index}.json`, foreign(`f-${index}`, "y".repeat(factor * largeBytes), `a2a-${index}`));
    }
    await store.put("paused/small.json", foreign("small", "z", "a2a-small"));
    const resume = resumeEnvelope({ id: "answer-1", headers: { "x-asya-a2a-task-id": "a2a-2" } });
    const { taskId, outcome } = await ledger.resume(resume, { admit });
    expect([taskId, outcome]).toEqual(["f-2", "resumed"]);
    const total = asked.reduce((sum, bytes) => sum + bytes, 0);
    expect(total).toBe(foreign("f-1", "y".repeat(3 * largeBytes), "a2a-1").byteLength);
    asked.length = 0;
    await ledger.resume(resumeEnvelope({ id: "answer-2", headers: { "x-asya-a2a-task-id": "a2a-small" } }), { admit });
    expect(asked).toEqual([]);
  });
});
