import { createPauseLedger } from "@holdpoint/asya";
import type { Envelope, PauseLedger } from "@holdpoint/asya";
import { createMemoryStore } from "@holdpoint/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { ActorHandler } from "../src/actor-message.ts";
import type { GatewayGeneration, LocalMesh } from "../src/mesh.ts";
import { createLocalMesh } from "../src/mesh.ts";
import { createPauseActor } from "../src/pause-actor.ts";
import { createResumeActor } from "../src/resume-actor.ts";

// What the gateway shows, judged as its sidecars judge: by the message that comes in, and before the actor is called.

const review = { prompt: "Review?", fields: [] };
let ledger: PauseLedger;
let mesh: LocalMesh;
let arrived: Envelope[];

const worker: ActorHandler = async (message) => {
  arrived.push(message);
  return { payload: { ...(message.payload as object), worked: true } };
};

async function start(gateway: GatewayGeneration): Promise<void> {
  arrived = [];
  ledger = createPauseLedger(await createMemoryStore());
  mesh = await createLocalMesh({
    gateway,
    backoffMs: 1,
    actors: {
      "x-pause": createPauseActor({ ledger, metadata: review }),
      "x-resume": createResumeActor({ ledger }),
      worker,
    },
  });
}
afterEach(async () => await mesh.close());

const statusOf = (id: string): string | undefined => mesh.gateway.record(id)?.status;

describe("the A2A gateway", () => {
  beforeEach(async () => await start("a2a"));

  it.each([
    ["delivered again at once", (envelope: Envelope) => envelope],
    [
      "delivered again as its third attempt",
      (envelope: Envelope) => ({ ...envelope, status: { ...envelope.status, attempt: 3 } }),
    ],
  ])(
    "never shows a finished task as paused again, or as anything but running, after a pause %s",
    async (_name, again) => {
      const task = mesh.send(["x-pause", "worker"], { n: 1 }, { id: "task-1" });
      await task.outcome;
      expect(mesh.gateway.record("task-1")).toMatchObject({ status: "paused", pauseMetadata: review });
      await mesh.resume("task-1", { ok: true }, { idStyle: "task" }).outcome;
      expect(mesh.gateway.record("task-1")).toMatchObject({
        status: "succeeded",
        result: { n: 1, ok: true, worked: true },
      });
      expect(await mesh.deliver(again(task.envelope)).outcome).toMatchObject({ kind: "finished", reported: false });
      // The sidecar reports that before it calls the actor; no actor can keep it from doing so.
      expect(mesh.gateway.history("task-1")).toEqual([
        "pending",
        "running",
        "paused",
        "running",
        "succeeded",
        "running",
      ]);
      expect(mesh.gateway.record("task-1")).toMatchObject({ result: { n: 1, ok: true, worked: true } });
      expect(arrived).toHaveLength(1);
    },
  );

  it("shows what is asked now after a late delivery of an earlier pause point or answer", async () => {
    const task = mesh.send(["x-pause", "worker", "x-pause", "worker"], { n: 1 }, { id: "task-1" });
    await task.outcome;
    const answer = mesh.resume("task-1", { first: true }, { idStyle: "task" });
    await answer.outcome;
    for (const late of [task, answer]) {
      expect(await mesh.deliver(late.envelope).outcome).toMatchObject({ kind: "paused", reported: true });
      expect(statusOf("task-1")).toBe("paused");
    }
    await mesh.resume("task-1", { second: true }, { idStyle: "task" }).outcome;
    expect(mesh.gateway.record("task-1")).toMatchObject({
      status: "succeeded",
      result: { first: true, second: true },
    });
    expect(arrived).toHaveLength(2);
  });

  it("follows a task under its own id to the end, over several pause points", async () => {
    const route = ["x-pause", "worker", "x-pause", "worker", "x-pause", "worker"];
    await mesh.send(route, {}, { id: "task-1" }).outcome;
    for (const answer of [1, 2, 3]) {
      expect(statusOf("task-1")).toBe("paused");
      await mesh.resume("task-1", { answer }, { idStyle: "task" }).outcome;
    }
    expect(mesh.gateway.record("task-1")).toMatchObject({ status: "succeeded", result: { answer: 3 } });
  });

  it("keeps no record of the id that it answers under, which no actor can mend", async () => {
    await mesh.send(["x-pause", "worker", "x-pause", "worker"], {}, { id: "task-1" }).outcome;
    expect(await mesh.resume("task-1", { n: 1 }, { idStyle: "prefixed" }).outcome).toMatchObject({ kind: "paused" });
    expect([statusOf("task-1"), statusOf("resume-task-1")]).toEqual(["running", undefined]);
    expect(await mesh.resume("task-1", { n: 2 }, { idStyle: "prefixed" }).outcome).toMatchObject({ kind: "finished" });
    expect(statusOf("task-1")).toBe("running");
    expect(arrived).toHaveLength(2);
  });

  it("cancels in its own record alone, and so does the ledger", async () => {
    for (const id of ["a", "b"]) await mesh.send(["x-pause", "worker"], {}, { id }).outcome;
    expect(mesh.gateway.cancel("a")).toBe(true);
    expect(await ledger.inspect("a")).toMatchObject({ state: "paused" });
    await ledger.cancel("b", { by: "ops" });
    expect(statusOf("b")).toBe("paused");
    const refused = await mesh.resume("b", {}, { idStyle: "task" }).outcome;
    expect(refused).toMatchObject({ kind: "failed", error: { type: "TaskCanceledError" } });
    expect(statusOf("b")).toBe("failed");
  });

  it("stops the clock of a task that is paused", async () => {
    await mesh.send(["x-pause", "worker"], {}, { id: "task-1", timeoutSeconds: 60 }).outcome;
    expect(mesh.gateway.record("task-1")?.deadlineAt).toBeUndefined();
    await mesh.resume("task-1", {}, { idStyle: "task" }).outcome;
    expect(mesh.gateway.record("task-1")).toMatchObject({ status: "succeeded", deadlineAt: expect.any(Date) as Date });
  });
});

describe("the newest gateway", () => {
  beforeEach(async () => await start("newest"));

  it("follows each answer under an id of its own, and statuses only rise", async () => {
    const task = mesh.send(["x-pause", "worker", "x-pause", "worker"], {}, { id: "task-1" });
    await task.outcome;
    const first = mesh.resume("task-1", { n: 1 });
    await first.outcome;
    expect([statusOf("task-1"), statusOf(first.envelope.id)]).toEqual(["paused", "paused"]);
    const second = mesh.resume("task-1", { n: 2 });
    await second.outcome;
    expect(statusOf(second.envelope.id)).toBe("succeeded");
    // Late deliveries: the sidecar does not even call the actor for what is paused.
    expect(await mesh.deliver(task.envelope).outcome).toMatchObject({ kind: "dropped", status: "paused" });
    expect(await mesh.deliver(second.envelope).outcome).toMatchObject({ kind: "finished" });
    expect(mesh.gateway.history(second.envelope.id)).toEqual(["pending", "running", "succeeded"]);
  });

  it("drops an answer under the task's own id, since that one is paused", async () => {
    await mesh.send(["x-pause", "worker"], {}, { id: "task-1" }).outcome;
    const own = await mesh.resume("task-1", {}, { idStyle: "task" }).outcome;
    expect(own).toMatchObject({ kind: "dropped", actor: "x-resume", status: "paused" });
    expect(await ledger.inspect("task-1")).toMatchObject({ state: "paused" });
  });

  it("leaves a task that is done as it is when its pause is delivered late", async () => {
    const task = mesh.send(["x-pause", "worker"], {}, { id: "task-1", headers: {} });
    await task.outcome;
    const answer = mesh.resume("task-1", {});
    await answer.outcome;
    // A record that its gateway has cleared away meanwhile lets the message through.
    const stranger = { ...task.envelope, headers: { "x-asya-mesh-status": "off" } };
    expect(await mesh.deliver(stranger).outcome).toMatchObject({ kind: "paused", reported: false });
    expect(statusOf(answer.envelope.id)).toBe("succeeded");
  });

  it("gives up a task that is past its deadline, paused or not, and its message is delivered no more", async () => {
    const task = mesh.send(["x-pause", "worker"], {}, { id: "task-1", timeoutSeconds: 0.001 });
    expect(await task.outcome).toMatchObject({ kind: "failed", error: { type: "Timeout" } });
    await mesh.send(["x-pause", "worker"], {}, { id: "task-2" }).outcome;
    await ledger.cancel("task-2");
    expect([statusOf("task-1"), statusOf("task-2")]).toEqual(["failed", "paused"]);
  });
});

describe("what x-resume restores", () => {
  beforeEach(async () => await start("newest"));

  it("has the task's headers, and those of its delivery from the answer", async () => {
    const headers = {
      priority: 5,
      "x-asya-a2a-task-id": "a2a-1",
      "x-asya-first-attempt": "2026-01-29T12:00:00Z",
      "x-asya-gateway-url": "http://old",
      traceparent: "00-old",
      tracestate: "v=old",
      "x-asya-fan-in": { origin_id: "x" },
      "x-asya-route-override": { worker: "other" },
    };
    await mesh.send(["x-pause", "worker"], {}, { id: "task-1", headers }).outcome;
    const own = { "x-asya-gateway-url": "http://new", traceparent: "00-new" };
    await mesh.resume("task-1", {}, { headers: own }).outcome;
    const {
      "x-asya-first-attempt": firstAttempt,
      "x-holdpoint-trail": _trail,
      ...restored
    } = arrived[0]?.headers ?? {};
    expect(restored).toEqual({ priority: 5, "x-asya-a2a-task-id": "a2a-1", ...own });
    expect(Date.parse(String(firstAttempt))).toBeGreaterThan(Date.now() - 60_000);
  });
});
