import { createMemoryStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import fc from "fast-check";
import { expect, it } from "vitest";

import { createPauseLedger } from "./create-pause-ledger.ts";
import type { Envelope } from "./envelope.ts";
import { LedgerError } from "./ledger-error.ts";
import { atNextPause, pauseEnvelope, resumeEnvelope } from "../test/ledger-fixture.ts";
import type { ResumeResult } from "./pause-ledger.ts";

class Crash extends Error {}

/** The process dies before or after its next write. */
interface CrashPlan {
  next: "none" | "before" | "after";
}

function crashing(store: CheckpointStore, plan: CrashPlan): CheckpointStore {
  return new Proxy(store, {
    get(target, name) {
      if (name !== "put") {
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === "function" ? member.bind(target) : member;
      }
      return async (...parameters: Parameters<CheckpointStore["put"]>) => {
        const { next } = plan;
        plan.next = "none";
        if (next === "before") throw new Crash();
        const written = await target.put(...parameters);
        if (next === "after") throw new Crash();
        return written;
      };
    },
  });
}

/** How a gateway names its resume messages. */
const idStyles = {
  fresh: (answer: number) => `fresh-${answer}`,
  derived: () => "resume-task-1",
  same: () => "task-1",
};

const route = { prev: [], curr: "x-pause", next: ["work", "x-pause", "work", "x-pause", "work"] };

const step = fc.oneof(
  fc.record({
    kind: fc.constant("pause" as const),
    crash: fc.constantFrom("none" as const, "before" as const, "after" as const),
  }),
  fc.record({
    kind: fc.constant("answer" as const),
    approved: fc.boolean(),
    crash: fc.constantFrom("none" as const, "before" as const, "after" as const),
  }),
  fc.record({ kind: fc.constant("redeliver-pause" as const), which: fc.nat() }),
  fc.record({ kind: fc.constant("redeliver-answer" as const), which: fc.nat() }),
);

it("lets a task pass each pause point exactly once, whatever is delivered again and wherever a process dies", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("fresh" as const, "derived" as const, "same" as const),
      fc.boolean(),
      fc.array(step, { maxLength: 40 }),
      async (idStyle, keepsTrail, steps) => {
        const plan: CrashPlan = { next: "none" };
        const store = await createMemoryStore();
        const ledger = createPauseLedger(crashing(store, plan));

        // The model: the mesh holds one message of the task at a time, on its way to a pause point or waiting there.
        let arriving: Envelope = pauseEnvelope({ route });
        let waiting = false;
        let answers = 0;
        /** By pause point: what it let through. */
        const passed: string[] = [];
        const pauses: Envelope[] = [];
        const resumes: { readonly envelope: Envelope; readonly point: number }[] = [];

        const goOn = (envelope: Envelope, result: ResumeResult): void => {
          passed.push(JSON.stringify(result.message));
          waiting = false;
          if (result.message.next.includes("x-pause")) {
            const next = atNextPause(envelope, result.message);
            arriving = keepsTrail ? next : { ...next, headers: {} };
          }
        };
        const isDone = (): boolean => passed.length === 3;

        const act = {
          async pause({ crash }: { crash: CrashPlan["next"] }) {
            if (waiting || isDone()) return;
            plan.next = crash;
            pauses.push(arriving);
            const outcome = await ledger.pause(arriving).catch((error: unknown) => {
              if (!(error instanceof Crash)) throw error;
              return undefined;
            });
            // A crashed pause is delivered again, and then it must take hold.
            plan.next = "none";
            if (outcome === undefined) expect((await ledger.pause(arriving)).outcome).not.toBe("stale");
            else expect(outcome.outcome).toBe("paused");
            waiting = true;
          },
          async answer({ approved, crash }: { approved: boolean; crash: CrashPlan["next"] }) {
            answers += 1;
            const envelope = resumeEnvelope({
              id: idStyles[idStyle](answers),
              payload: { approved },
              status: { created_at: new Date(Date.UTC(2026, 0, 31, 12, answers)).toISOString() },
            });
            if (!waiting) {
              // An equal answer is taken for the same one; any other is refused.
              const result = await ledger.resume(envelope).catch((error: unknown) => error);
              if (LedgerError.is(result)) return;
              expect((result as ResumeResult).outcome).not.toBe("resumed");
              return;
            }
            plan.next = crash;
            resumes.push({ envelope, point: passed.length });
            const result = await ledger.resume(envelope).catch((error: unknown) => {
              if (!(error instanceof Crash)) throw error;
              return undefined;
            });
            plan.next = "none";
            goOn(envelope, result ?? (await ledger.resume(envelope)));
          },
          async "redeliver-pause"({ which }: { which: number }) {
            const envelope = pauses[which % pauses.length];
            if (envelope === undefined) return;
            const isWaiting = waiting && envelope === pauses.at(-1);
            const { outcome } = await ledger.pause(envelope);
            // Without the trail, two rounds may look the same; they do not here, for the route grows shorter.
            expect(outcome).toBe(isWaiting ? "already-paused" : "stale");
          },
          async "redeliver-answer"({ which }: { which: number }) {
            const resume = resumes[which % resumes.length];
            if (resume === undefined) return;
            const result = await ledger.resume(resume.envelope).catch((error: unknown) => error);
            if (LedgerError.is(result)) return;
            const { outcome, message } = result as ResumeResult;
            expect(outcome).not.toBe("resumed");
            if (outcome === "replayed") expect(passed).toContain(JSON.stringify(message));
          },
        };
        // A redelivered pause without a trail whose round has passed cannot be told from a loop's next round.
        const safe = steps.filter(({ kind }) => keepsTrail || kind !== "redeliver-pause");
        for (const each of safe) await act[each.kind](each as never);

        // Whatever happened, the task is not lost: a person can still bring it to its end.
        while (!isDone()) {
          await act.pause({ crash: "none" });
          await act.answer({ approved: true, crash: "none" });
        }
        expect(passed).toHaveLength(3);
        await store.close();
      },
    ),
    { numRuns: 300 },
  );
});
