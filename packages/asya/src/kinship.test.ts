import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { atNextPause, openLedger, pauseEnvelope, resumeEnvelope } from "../test/ledger-fixture.ts";
import type { Envelope } from "./envelope.ts";
import { LedgerError } from "./ledger-error.ts";
import type { PauseLedger } from "./pause-ledger.ts";

const named = (task: unknown, id: string, payload: object = {}): Envelope =>
  resumeEnvelope({ id, headers: { "x-asya-resume-task": task }, payload });
const outcomeOf = async (work: Promise<{ readonly outcome: string }>): Promise<string> =>
  await work.then(
    ({ outcome }) => outcome,
    (error: unknown) => (LedgerError.is(error) ? error.code : String(error)),
  );
const stateOf = async (ledger: PauseLedger, id: string): Promise<string | undefined> =>
  (await ledger.inspect(id))?.state;

describe("an equal id is not kinship", () => {
  it.each([
    ["resume-42", "another answer", { ok: false }],
    ["resume-42", "the same answer", {}],
    ["43", "another answer", { ok: false }],
  ])(
    "a task that is called %s like the message that resumed another is left alone by %s",
    async (id, _what, payload) => {
      const { ledger } = await openLedger();
      await ledger.pause(pauseEnvelope({ id: "42" }));
      await ledger.pause(pauseEnvelope({ id }));
      await ledger.resume(named("42", id));
      expect(await outcomeOf(ledger.resume(named("42", id, payload)))).toMatch(/already-resumed|replayed/u);
      expect(await outcomeOf(ledger.resume(named("42", "late", { no: 1 })))).toBe("already-resumed");
      await expect(ledger.cancel("42")).rejects.toMatchObject({ code: "already-resumed" });
      expect(await stateOf(ledger, "42")).toBe("resumed");
      expect(await stateOf(ledger, id)).toBe("paused");
    },
  );

  it.each(["trail kept", "trail dropped"])("nor is the second pause point of such a task, %s", async (trail) => {
    const { ledger } = await openLedger();
    const route = { prev: [], curr: "x-pause", next: ["work", "x-pause", "end"] };
    await ledger.pause(pauseEnvelope({ id: "resume-42", route }));
    const own = named("resume-42", "resume-42");
    const { message } = await ledger.resume(own);
    await ledger.pause(atNextPause(own, message, trail === "trail kept" ? {} : { headers: {} }));
    await ledger.pause(pauseEnvelope({ id: "42" }));
    await ledger.resume(named("42", "resume-42", { answer: 1 }));
    expect(await outcomeOf(ledger.resume(named("42", "resume-42", { answer: 2 })))).toBe("already-resumed");
    expect(await stateOf(ledger, "resume-42")).toBe("paused");
  });

  it.each([
    ["the header names nobody, the envelope is called like a task", named("nobody", "task-1")],
    ["… or like the answer to one", named("nobody", "resume-task-1")],
    ["the header names what would be the answer to a task", named("resume-task-1", "fresh")],
    ["the A2A header names nobody", resumeEnvelope({ id: "task-1", headers: { "x-asya-a2a-task-id": "nobody" } })],
    [
      "… and the envelope is called like the answer",
      resumeEnvelope({ id: "resume-task-1", headers: { "x-asya-a2a-task-id": "x" } }),
    ],
  ])("where %s, nothing is resumed", async (_name, answer) => {
    const { ledger } = await openLedger();
    await ledger.pause(pauseEnvelope({ headers: { "x-asya-a2a-task-id": "a2a-7" } }));
    expect(await outcomeOf(ledger.resume(answer))).toBe("task-not-found");
    expect(await stateOf(ledger, "task-1")).toBe("paused");
  });

  it("a person who names what would be the answer to a task is shown that task, but cannot change it so", async () => {
    const { ledger } = await openLedger();
    await ledger.pause(pauseEnvelope());
    expect(await ledger.inspect("resume-task-1")).toMatchObject({ taskId: "task-1" });
    await expect(ledger.cancel("resume-task-1")).rejects.toMatchObject({ code: "task-not-found" });
    await ledger.pause(pauseEnvelope({ id: "resume-task-1" }));
    expect(await ledger.inspect("resume-task-1")).toMatchObject({ taskId: "resume-task-1" });
  });

  it("a second id does not lead to a newer task that has the first id", async () => {
    const { ledger } = await openLedger();
    await ledger.pause(pauseEnvelope({ headers: { "x-asya-a2a-task-id": "a2a-7" } }));
    await ledger.resume(resumeEnvelope());
    await ledger.pause(pauseEnvelope({ payload: { another: "task" }, headers: { "x-asya-a2a-task-id": "a2a-8" } }));
    expect(await outcomeOf(ledger.resume(named("a2a-7", "late")))).toBe("task-not-found");
    expect(await stateOf(ledger, "a2a-8")).toBe("paused");
  });

  it("what a header names leads to a document under the envelope's id that answers to it", async () => {
    const { ledger, store } = await openLedger();
    const document = { id: "task-1", route: { prev: [], curr: "x-pause", next: ["x-resume"] }, payload: {} };
    const body = JSON.stringify({ ...document, headers: { "x-asya-a2a-task-id": "a2a-7" } });
    await store.put("paused/task-1.json", new TextEncoder().encode(body));
    expect(await outcomeOf(ledger.resume(named("a2a-7", "resume-task-1")))).toBe("resumed");
  });

  it("never resumes a stranger, whatever ids gateways make up", async () => {
    const ids = fc.constantFrom("a", "b", "resume-a", "resume-b", "resume-resume-a", "resume-");
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(ids, { minLength: 1, maxLength: 4 }),
        fc.array(fc.record({ task: ids, id: ids, more: fc.nat({ max: 2 }), keepsTrail: fc.boolean() }), {
          maxLength: 8,
        }),
        async (tasks, answers) => {
          const { ledger, store } = await openLedger();
          for (const id of tasks) {
            const route = { prev: [], curr: "x-pause", next: ["work", "x-pause", "end"] };
            await ledger.pause(pauseEnvelope({ id, route, payload: { owner: id } }));
          }
          const called = new Map<string, readonly string[]>();
          for (const { task, id, more, keepsTrail } of answers) {
            const answer = named(task, id, { more });
            const result = await ledger.resume(answer).catch((error: unknown) => {
              if (!LedgerError.is(error)) throw error;
              return undefined;
            });
            if (result === undefined || result.outcome === "absorbed") continue;
            // A task is called by its own id, and by those of the messages that resumed it, unless these are another's own.
            const owner = String(result.message.payload["owner"]);
            if (tasks.includes(task)) expect(owner).toBe(task);
            else expect(called.get(task)).toContain(owner);
            called.set(id, [...(called.get(id) ?? []), owner]);
            if (result.outcome === "resumed" && keepsTrail && result.message.next.length > 1) {
              await ledger.pause(atNextPause(answer, result.message));
            }
          }
          await store.close();
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("a header that was copied", () => {
  const split = async (ledger: PauseLedger): Promise<Envelope> => {
    await ledger.pause(pauseEnvelope({ id: "p" }));
    const { message } = await ledger.resume(named("p", "p-a"));
    return pauseEnvelope({
      id: "p-k1",
      headers: message.headers,
      route: { prev: ["x-pause", "x-resume", "split"], curr: "x-pause", next: ["publish"] },
    });
  };

  it.each([
    ["with its parent's id", "p-a"],
    ["without it", undefined],
  ])("does not count as lost: a fan-out's child pauses once, %s", async (_name, parent_id) => {
    const { ledger } = await openLedger();
    const child = { ...(await split(ledger)), parent_id };
    expect(await outcomeOf(ledger.pause(child))).toBe("paused");
    expect(await outcomeOf(ledger.pause(child))).toBe("already-paused");
    await ledger.resume(named("p-k1", "p-b"));
    expect(await outcomeOf(ledger.pause(child))).toBe("stale");
    // Its own child in turn.
    const { message } = await ledger.resume(named("p-k1", "p-b"));
    const grandchild = { ...child, id: "p-k1-g", parent_id: "p-b", headers: message.headers };
    expect(await outcomeOf(ledger.pause(grandchild))).toBe("paused");
    await ledger.resume(named("p-k1-g", "p-c"));
    expect(await outcomeOf(ledger.pause(grandchild))).toBe("stale");
    expect(await outcomeOf(ledger.pause(child))).toBe("stale");
  });

  it.each([undefined, null, "text", {}, { for: 1 }])(
    "but one that is %j counts as lost: when in doubt, pause",
    async (trail) => {
      const { ledger } = await openLedger();
      const child = await split(ledger);
      const lost = { ...child, headers: trail === undefined ? {} : { "x-holdpoint-trail": trail } };
      await ledger.pause(lost);
      await ledger.resume(named("p-k1", "p-k1"));
      expect(await outcomeOf(ledger.pause(lost))).toBe("paused");
    },
  );
});
