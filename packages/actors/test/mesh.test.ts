import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { ActorHandler } from "../src/actor-message.ts";
import { createLocalMesh, crewActor } from "../src/mesh.ts";
import type { LocalMesh, MeshPaused } from "../src/mesh.ts";

/** Adds a property to the payload. */
const adding =
  (name: string): ActorHandler =>
  async ({ payload }) => ({ payload: { ...(payload as object), [name]: true } });

describe("with x-pause and x-resume as processes", () => {
  let state: string;
  let mesh: LocalMesh;

  beforeAll(async () => {
    state = await mkdtemp(join(tmpdir(), "state-"));
    const env = { ASYA_PERSISTENCE_MOUNT: state };
    mesh = await createLocalMesh({
      actors: {
        analyzer: adding("analyzed"),
        "x-pause": crewActor("x-pause", env),
        "x-resume": crewActor("x-resume", env),
        "step-2": adding("second"),
        "step-3": adding("third"),
      },
    });
  });
  afterAll(async () => {
    await mesh.close();
    await rm(state, { recursive: true });
  });

  it("pauses twice on one route, with everything killed in between", async () => {
    const reported: MeshPaused[] = [];
    mesh.events.on("paused", (paused) => reported.push(paused));
    const task = mesh.send(
      ["analyzer", "x-pause", "step-2", "x-pause", "step-3"],
      { draft: 1 },
      { id: "task-1", headers: { trace: "abc" } },
    );
    expect(await task.outcome).toMatchObject({
      kind: "paused",
      actor: "x-pause",
      metadata: { prompt: "Task paused" },
      reported: true,
    });

    await mesh.kill("SIGKILL");
    // Sent while nobody is there to take it: it waits as in a queue.
    const first = mesh.resume("task-1", { approved: true });
    await mesh.restart();
    expect(await first.outcome).toMatchObject({
      kind: "paused",
      envelope: { payload: { draft: 1, analyzed: true, approved: true, second: true } },
    });

    const second = mesh.resume("task-1", { published: true }, { idStyle: "prefixed" });
    const finished = await second.outcome;
    expect(finished).toMatchObject({
      kind: "finished",
      actor: "step-3",
      envelope: {
        route: { prev: ["x-resume", "step-3"], curr: "", next: [] },
        headers: { trace: "abc" },
        payload: { draft: 1, analyzed: true, approved: true, second: true, published: true, third: true },
      },
    });
    expect(reported.map(({ envelope }) => envelope.route.prev.at(-1))).toEqual(["x-pause", "x-pause"]);

    expect(await mesh.deliver(second.envelope).outcome).toEqual(finished);
    expect(await mesh.deliver(first.envelope).outcome).toMatchObject({
      kind: "finished",
      actor: "x-resume",
      reported: false,
    });
    expect(await mesh.deliver(task.envelope).outcome).toMatchObject({
      kind: "finished",
      actor: "x-pause",
      reported: false,
    });
    expect(await mesh.resume("task-1", { published: false }).outcome).toMatchObject({
      kind: "failed",
      error: { type: "AlreadyResumedError" },
      attempts: 3,
    });
    expect(reported).toHaveLength(2);
  });

  it("delivers a message again that an actor had in hand when it was killed", async () => {
    const task = mesh.send(["x-pause", "step-2"], { draft: 2 }, { id: "task-2" });
    await mesh.kill("SIGKILL", ["x-pause"]);
    await mesh.restart();
    expect(await task.outcome).toMatchObject({ kind: "paused" });
    expect(await mesh.resume("task-2", { ok: true }, { idStyle: "task" }).outcome).toMatchObject({
      kind: "finished",
      envelope: { id: "task-2", payload: { draft: 2, ok: true, second: true } },
    });
  });

  it("turns what is left of the budget into a deadline", async () => {
    await mesh.send(["x-pause", "step-2"], {}, { id: "task-3" }).outcome;
    const { envelope } = await mesh.resume("task-3", {}, { timeoutSeconds: 90.5 }).outcome;
    expect(envelope.headers).toHaveProperty("x-asya-deadline-at", expect.stringMatching(/\.\d{6}Z$/u));
    // Sidecars drop it at the next hop, whatever an actor has set.
    expect(envelope.status).not.toHaveProperty("deadline_at");
    expect(envelope.headers).not.toHaveProperty("x-asya-resume-timeout");
  });
});

describe("with handlers in this process", () => {
  it("makes children of all replies but the first, which carry their parent's headers", async () => {
    await using mesh = await createLocalMesh({
      actors: {
        splitter: async () => [{ payload: { part: 1 } }, { payload: { part: 2 } }, { payload: { part: 3 }, next: [] }],
        worker: adding("done"),
      },
    });
    const finished: {
      readonly id: string;
      readonly parent_id?: string | undefined;
      readonly payload: unknown;
      readonly headers?: unknown;
    }[] = [];
    const all = Promise.withResolvers<void>();
    mesh.events.on("finished", ({ envelope }) => {
      finished.push(envelope);
      if (finished.length === 3) all.resolve();
    });
    expect(
      await mesh.send(["splitter", "worker"], {}, { id: "parent", headers: { trace: "abc" } }).outcome,
    ).toMatchObject({
      envelope: { id: "parent", payload: { part: 1, done: true } },
    });
    await all.promise;
    const children = finished.filter(({ id }) => id !== "parent");
    expect(children.map(({ payload }) => payload)).toEqual(
      expect.arrayContaining([{ part: 2, done: true }, { part: 3 }]),
    );
    for (const child of children) expect(child).toMatchObject({ parent_id: "parent", headers: { trace: "abc" } });
  });

  it("tries a message again that failed, and gives it up after the last attempt", async () => {
    let calls = 0;
    const statuses: unknown[] = [];
    await using mesh = await createLocalMesh({
      actors: {
        flaky: async ({ payload, status }) => {
          calls += 1;
          statuses.push(status);
          if (calls < 3) throw new RangeError("not yet");
          return { payload };
        },
        broken: async () => {
          throw new RangeError("never");
        },
      },
      backoffMs: 1,
      nonRetryableErrors: ["CheckpointError"],
    });
    expect(await mesh.send(["flaky"], {}).outcome).toMatchObject({ kind: "finished" });
    expect(statuses).toMatchObject(
      [1, 2, 3].map((attempt) => ({
        attempt,
        max_attempts: 3,
        created_at: expect.stringMatching(/:\d\dZ$/u) as string,
      })),
    );
    expect(await mesh.send(["broken"], {}).outcome).toMatchObject({
      kind: "failed",
      attempts: 3,
      error: { type: "RangeError", message: "never" },
    });
    expect(await mesh.send(["nobody"], {}).outcome).toMatchObject({
      kind: "failed",
      error: { message: expect.stringContaining("flaky, broken") as string },
    });
  });

  it("spares an error the other attempts that is not worth them", async () => {
    await using mesh = await createLocalMesh({
      actors: {
        broken: async () => {
          throw new RangeError("never");
        },
      },
      nonRetryableErrors: ["RangeError"],
    });
    expect(await mesh.send(["broken"], {}).outcome).toMatchObject({ kind: "failed", attempts: 1 });
  });

  it("tells of a pause as the message says that came in, whatever the answer says", async () => {
    const off = { "x-asya-mesh-status": "off" };
    await using mesh = await createLocalMesh({
      actors: {
        hushed: async () => ({ payload: {}, headers: { "x-asya-pause": { prompt: "?" }, ...off } }),
        loud: async () => ({ payload: {}, headers: { "x-asya-pause": { prompt: "?" } } }),
      },
    });
    const told: string[] = [];
    mesh.events.on("paused", ({ actor }) => told.push(actor));
    expect(await mesh.send(["hushed"], {}).outcome).toMatchObject({ kind: "paused", reported: true });
    expect(await mesh.send(["loud"], {}, { headers: off }).outcome).toMatchObject({ kind: "paused", reported: false });
    expect(told).toEqual(["hushed"]);
  });

  it("ends a message that is on its way when it is closed", async () => {
    const begun = Promise.withResolvers<void>();
    const release = Promise.withResolvers<undefined>();
    const mesh = await createLocalMesh({
      actors: {
        stuck: async () => {
          begun.resolve();
          return await release.promise;
        },
      },
    });
    const { outcome } = mesh.send(["stuck"], {});
    await begun.promise;
    const closed = mesh.close();
    release.resolve(undefined);
    await closed;
    expect(await outcome).toMatchObject({
      kind: "failed",
      error: { message: expect.stringContaining("closed") as string },
    });
  });
});

describe("an actor's process that cannot start", () => {
  it("fails the mesh with what it wrote last", async () => {
    const starting = createLocalMesh({
      actors: { "x-pause": crewActor("x-pause", { ASYA_PERSISTENCE_MOUNT: "/not/mounted" }) },
    });
    await expect(starting).rejects.toThrow(/exit code 78[^]*state mount not found/u);
  });

  it("names a command that is not there", async () => {
    await expect(createLocalMesh({ actors: { ghost: { command: "/no/such/program" } } })).rejects.toThrow("ENOENT");
  });
});
