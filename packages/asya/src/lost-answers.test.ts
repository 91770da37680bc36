import type { CheckpointStore } from "@holdpoint/core";
import { CheckpointError, createMemoryStore } from "@holdpoint/core";
import { expect, it } from "vitest";

import { createPauseLedger } from "./create-pause-ledger.ts";
import { pauseEnvelope, resumeEnvelope } from "../test/ledger-fixture.ts";

/** Each first write of a document is of unknown outcome: it has happened, or comes too late to. */
function losingAnswers(good: CheckpointStore, happens: boolean): CheckpointStore {
  const lost = new Set<string>();
  const put: CheckpointStore["put"] = async (key, body, options) => {
    const name = `${key} ${options?.ifVersion ?? "absent"}`;
    if (lost.has(name)) return await good.put(key, body, options);
    lost.add(name);
    if (happens) await good.put(key, body, options);
    throw new CheckpointError("timeout", "the answer was lost", { outcome: "unknown", retryable: true });
  };
  return new Proxy(good, {
    get(target, name) {
      if (name === "put") return put;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

it.each([
  ["happened", true, ["already-paused", "replayed", true]],
  ["did not", false, ["paused", "resumed", true]],
])("a write of unknown outcome that %s is settled before anybody is told", async (_what, happens, expected) => {
  const ledger = createPauseLedger(losingAnswers(await createMemoryStore(), happens));
  const paused = await ledger.pause(pauseEnvelope({ headers: { "x-asya-a2a-task-id": "a2a-1" } }));
  const resumed = await ledger.resume(resumeEnvelope({ headers: { "x-asya-resume-task": "a2a-1" } }));
  expect(resumed.message).toMatchObject({ next: ["summarizer"], payload: { approved: true } });
  await ledger.pause(pauseEnvelope({ id: "task-2" }));
  expect([paused.outcome, resumed.outcome, await ledger.cancel("task-2")]).toEqual(expected);
});
