import { createMemoryStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { describe, expect, it } from "vitest";

import { atNextPause, openLedger, pauseEnvelope, resumeEnvelope } from "../test/ledger-fixture.ts";
import { withoutConditionalDelete } from "../test/without-conditional-delete.ts";
import { createPauseLedger } from "./create-pause-ledger.ts";
import { relateDocuments } from "./relate-documents.ts";

const key = "paused/task-1.json";

async function bodyIn(store: CheckpointStore, of = key): Promise<Uint8Array> {
  return (await store.get(of))?.body ?? new Uint8Array();
}

/** Every state of one task, oldest first: two pause points, a cancellation, and another task under the same id. */
async function lifeOfATask(firstPause?: Uint8Array): Promise<readonly Uint8Array[]> {
  const { ledger, store } = await openLedger();
  const bodies: Uint8Array[] = [];
  const note = async (): Promise<void> => void bodies.push(await bodyIn(store));
  if (firstPause === undefined) await ledger.pause(pauseEnvelope());
  else await store.put(key, firstPause);
  await note();
  const resume = resumeEnvelope();
  const { message } = await ledger.resume(resume);
  await note();
  await ledger.pause(atNextPause(resume, message, { route: { prev: ["x-resume"], curr: "x-pause", next: [] } }));
  await note();
  await ledger.cancel("task-1");
  await note();
  await ledger.pause(pauseEnvelope({ payload: { another: "life" } }));
  await note();
  return bodies;
}

const pythonDocument = new TextEncoder().encode(
  JSON.stringify({
    id: "task-1",
    route: { prev: ["analyzer"], curr: "x-pause", next: ["x-resume", "summarizer"] },
    headers: {},
    payload: { analysis: "fine" },
    _pause_metadata: { prompt: "?", fields: [] },
  }),
);

describe("relateDocuments", () => {
  it.each([
    ["our x-pause", undefined],
    ["another x-pause", pythonDocument],
  ])("orders every two states of a task that %s paused first", async (_title, firstPause) => {
    const bodies = await lifeOfATask(firstPause);
    for (const [left, body] of bodies.entries()) {
      for (const [right, other] of bodies.entries()) {
        const expected = left > right ? "later" : left < right ? "earlier" : "unrelated";
        expect({ left, right, is: relateDocuments(key, body, other) }).toEqual({ left, right, is: expected });
      }
    }
  });

  it("takes a task that was resumed in two places for unrelated", async () => {
    const [one, two] = [await createMemoryStore(), await createMemoryStore()];
    await createPauseLedger(one).pause(pauseEnvelope());
    await two.put(key, await bodyIn(one));
    await createPauseLedger(one).resume(resumeEnvelope());
    await createPauseLedger(two).resume(resumeEnvelope({ id: "another" }));
    expect(relateDocuments(key, await bodyIn(one), await bodyIn(two))).toBe("unrelated");
  });

  it("takes another task under the same id for unrelated, whatever its state", async () => {
    const [one, two] = [await createMemoryStore(), await createMemoryStore()];
    await createPauseLedger(one).pause(pauseEnvelope());
    await createPauseLedger(two).pause(pauseEnvelope());
    expect(relateDocuments(key, await bodyIn(one), await bodyIn(two))).toBe("unrelated");
    await createPauseLedger(one).resume(resumeEnvelope());
    expect(relateDocuments(key, await bodyIn(one), await bodyIn(two))).toBe("unrelated");
  });

  it("knows that an emptied document is the later one", async () => {
    const store = withoutConditionalDelete(await createMemoryStore());
    const ledger = createPauseLedger(store);
    await ledger.pause(pauseEnvelope());
    await ledger.resume(resumeEnvelope());
    const full = await bodyIn(store);
    await ledger.prune({ olderThanMs: 0 });
    const emptied = await bodyIn(store);
    expect(relateDocuments(key, emptied, full)).toBe("later");
    expect(relateDocuments(key, full, emptied)).toBe("earlier");
  });

  it("knows that a second id only ever gains tasks, and may become one", async () => {
    const { ledger, store } = await openLedger();
    const headers = { "x-asya-a2a-task-id": "both" };
    await ledger.pause(pauseEnvelope({ id: "a", headers }));
    const first = await bodyIn(store, "paused/both.json");
    await ledger.pause(pauseEnvelope({ id: "b", headers }));
    const second = await bodyIn(store, "paused/both.json");
    await ledger.pause(pauseEnvelope({ id: "both" }));
    const task = await bodyIn(store, "paused/both.json");
    const relate = (body: Uint8Array, other: Uint8Array): string => relateDocuments("paused/both.json", body, other);
    expect([relate(second, first), relate(first, second), relate(task, second), relate(first, task)]).toEqual([
      "later",
      "earlier",
      "later",
      "earlier",
    ]);
  });

  it("says nothing of bytes that are no document", async () => {
    const [paused = new Uint8Array(), resumed = new Uint8Array()] = await lifeOfATask();
    const noise = new Uint8Array([0xff, 0x00]);
    expect(relateDocuments(key, resumed, noise)).toBe("unrelated");
    expect(relateDocuments(key, noise, paused)).toBe("unrelated");
    expect(relateDocuments("superseded/task-1.json", resumed, paused)).toBe("unrelated");
  });
});
