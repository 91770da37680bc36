import { inspect } from "node:util";

import { CheckpointError } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { beforeEach, describe, expect, it } from "vitest";

import type { Envelope, OutgoingMessage } from "./envelope.ts";
import { atNextPause, openLedger, pauseEnvelope, readJson, resumeEnvelope } from "../test/ledger-fixture.ts";
import type { PauseLedger } from "./pause-ledger.ts";

let ledger: PauseLedger;
let store: CheckpointStore;
let takeRequests: () => readonly string[];
let elapse: (ms: number) => void;

beforeEach(async () => {
  ({ ledger, store, takeRequests, elapse } = await openLedger());
});

/** Two pause points: pauses, resumes and arrives at the second x-pause. */
async function reachSecondPause(
  resume: Envelope = resumeEnvelope(),
  first: Envelope = pauseEnvelope({
    route: { prev: [], curr: "x-pause", next: ["step-2", "x-pause", "step-3"] },
  }),
): Promise<{
  readonly first: Envelope;
  readonly resume: Envelope;
  readonly second: Envelope;
  readonly restored: OutgoingMessage;
}> {
  await ledger.pause(first);
  const { message: restored } = await ledger.resume(resume);
  return { first, resume, second: atNextPause(resume, restored), restored };
}

describe("a pause", () => {
  it("stores the guide's document with one request", async () => {
    const metadata = { prompt: "Review", fields: [{ name: "approved", type: "boolean" as const }] };
    const { outcome, key, message } = await ledger.pause(
      pauseEnvelope({ parent_id: "parent", headers: { trace: "t", "x-asya-fan-in": "f", "x-asya-parent-id": "p" } }),
      { metadata },
    );
    expect({ outcome, key, requests: takeRequests() }).toEqual({
      outcome: "paused",
      key: "paused/task-1.json",
      requests: ["put paused/task-1.json"],
    });
    const { _holdpoint, ...guide } = await readJson(store, key);
    expect(guide).toEqual({
      id: "task-1",
      parent_id: "parent",
      route: { prev: ["analyzer"], curr: "x-pause", next: ["x-resume", "summarizer"] },
      headers: { trace: "t" },
      payload: { analysis: "fine" },
      _pause_metadata: metadata,
    });
    expect(_holdpoint).toMatchObject({ format: 1, state: "paused" });
    expect(message.headers["x-asya-pause"]).toEqual(metadata);
    expect(message.payload).toEqual({ analysis: "fine" });
  });

  it("does not put x-resume first twice", async () => {
    await ledger.pause(pauseEnvelope({ route: { prev: [], curr: "x-pause", next: ["x-resume", "summarizer"] } }));
    expect(await readJson(store, "paused/task-1.json")).toMatchObject({ route: { next: ["x-resume", "summarizer"] } });
  });

  it("changes nothing when it is delivered again", async () => {
    await ledger.pause(pauseEnvelope());
    const before = await store.get("paused/task-1.json");
    expect(await ledger.pause(pauseEnvelope())).toMatchObject({ outcome: "already-paused" });
    expect(await store.get("paused/task-1.json")).toEqual(before);
  });

  it("keeps the first of two messages from an actor that ran twice", async () => {
    await ledger.pause(pauseEnvelope());
    expect(await ledger.pause(pauseEnvelope({ payload: { analysis: "worded otherwise" } }))).toMatchObject({
      outcome: "already-paused",
    });
    expect(await readJson(store, "paused/task-1.json")).toMatchObject({ payload: { analysis: "fine" } });
  });

  it("is absorbed without a report once the task has gone on", async () => {
    await ledger.pause(pauseEnvelope());
    await ledger.resume(resumeEnvelope());
    const before = await store.get("paused/task-1.json");
    const { outcome, message } = await ledger.pause(pauseEnvelope());
    expect(outcome).toBe("stale");
    expect(message).toMatchObject({ next: [], headers: { "x-asya-mesh-status": "off", "x-asya-fan-in": {} } });
    expect(await store.get("paused/task-1.json")).toEqual(before);
  });

  it("is absorbed although the sidecar stamped another time on it", async () => {
    await ledger.pause(pauseEnvelope({ status: { created_at: "2026-01-31T12:00:00.123456Z" } }));
    await ledger.resume(resumeEnvelope());
    const again = pauseEnvelope({ status: { created_at: "2026-01-31T12:09:41.654321Z" } });
    expect(await ledger.pause(again)).toMatchObject({ outcome: "stale" });
  });

  it("pauses a new task that reuses the id days later", async () => {
    await ledger.pause(pauseEnvelope({ status: { created_at: "2026-01-31T12:00:00Z" } }));
    await ledger.resume(resumeEnvelope());
    const reused = pauseEnvelope({ status: { created_at: "2026-02-07T12:00:00Z" } });
    expect(await ledger.pause(reused)).toMatchObject({ outcome: "paused" });
    expect(await ledger.resume(resumeEnvelope({ id: "resume-message-2" }))).toMatchObject({ outcome: "resumed" });
  });

  it("keeps a waiting document that a new task with the same id displaces", async () => {
    await ledger.pause(pauseEnvelope({ status: { created_at: "2026-01-31T12:00:00Z" } }));
    const newer = pauseEnvelope({ status: { created_at: "2026-02-07T12:00:00Z" }, payload: { analysis: "newer" } });
    expect(await ledger.pause(newer)).toMatchObject({ outcome: "paused" });
    const kept: string[] = [];
    for await (const { key } of store.list({ prefix: "superseded/" })) kept.push(key);
    expect(kept).toHaveLength(1);
    expect(await readJson(store, kept[0] ?? "")).toMatchObject({ payload: { analysis: "fine" } });
  });

  it("refuses a payload that is not an object, and stores nothing", async () => {
    for (const payload of [null, [], "text", 7]) {
      await expect(ledger.pause(pauseEnvelope({ payload }))).rejects.toMatchObject({ code: "invalid-message" });
    }
    expect(takeRequests()).toEqual([]);
  });
});

describe("a message that is as large as the store takes", () => {
  const mib = 1024 * 1024;

  it("is refused before any request if its document would leave no room for an answer", async () => {
    const envelope = pauseEnvelope({ payload: { text: "x".repeat(63 * mib) } });
    await expect(ledger.pause(envelope)).rejects.toMatchObject({
      code: "too-large",
      outcome: "not-applied",
      message: expect.stringContaining("Nothing was stored.") as string,
    });
    expect(takeRequests()).toEqual([]);
  });

  it("can be resumed, and stays paused under an answer that is too large itself", async () => {
    await ledger.pause(pauseEnvelope({ payload: { text: "x".repeat(63 * mib - 2_000) } }));
    const answer = (length: number): Envelope => resumeEnvelope({ payload: { reason: "y".repeat(length) } });
    await expect(ledger.resume(answer(mib))).rejects.toMatchObject({ code: "too-large", outcome: "not-applied" });
    expect((await ledger.inspect("task-1"))?.state).toBe("paused");
    expect(await ledger.resume(answer(mib / 4))).toMatchObject({ outcome: "resumed" });
  });
});

describe("a resume", () => {
  it("claims with two requests and restores the message", async () => {
    await ledger.pause(pauseEnvelope());
    takeRequests();
    const result = await ledger.resume(resumeEnvelope());
    expect(takeRequests()).toEqual(["get paused/task-1.json", "put paused/task-1.json"]);
    expect(result).toMatchObject({
      outcome: "resumed",
      taskId: "task-1",
      message: {
        next: ["summarizer"],
        payload: { analysis: "fine", approved: true },
        headers: { traceparent: "00-abc" },
      },
    });
    expect(Object.keys(result.message.headers)).not.toContain("x-asya-pause");
    expect(Object.keys(result.message.headers)).not.toContain("x-asya-resume-task");
  });

  it("gives the same result to the same message byte for byte", async () => {
    await ledger.pause(pauseEnvelope());
    const first = await ledger.resume(resumeEnvelope({ status: { created_at: "2026-01-31T12:00:00.111111Z" } }));
    const again = await ledger.resume(resumeEnvelope({ status: { created_at: "2026-01-31T12:00:31.222222Z" } }));
    expect(again.outcome).toBe("replayed");
    expect(JSON.stringify(again.message)).toBe(JSON.stringify(first.message));
  });

  it("refuses another message: by whom and when the task was resumed", async () => {
    await ledger.pause(pauseEnvelope());
    await ledger.resume(resumeEnvelope());
    await expect(ledger.resume(resumeEnvelope({ id: "resume-message-2" }))).rejects.toMatchObject({
      code: "already-resumed",
      message: expect.stringMatching(/task not paused.*already resumed by "resume-message-1" at 2026-01-31T12:0/u),
    });
  });

  it("refuses the same id with another answer", async () => {
    await ledger.pause(pauseEnvelope());
    await ledger.resume(resumeEnvelope());
    await expect(ledger.resume(resumeEnvelope({ payload: { approved: false } }))).rejects.toMatchObject({
      code: "already-resumed",
    });
  });

  it("leaves nothing that a Python x-resume could resume", async () => {
    await ledger.pause(pauseEnvelope());
    await ledger.resume(resumeEnvelope());
    expect(await readJson(store, "paused/task-1.json")).toMatchObject({ route: null, headers: null, payload: null });
  });

  it("lets one of many concurrent answers through", async () => {
    await ledger.pause(pauseEnvelope());
    const answers = Array.from({ length: 16 }, (_, index) => resumeEnvelope({ id: `answer-${index}` }));
    const results = await Promise.allSettled(answers.map((answer) => ledger.resume(answer)));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("turns the time that is left into a deadline, and replays that", async () => {
    await ledger.pause(pauseEnvelope({ headers: { "x-asya-deadline-at": "2026-01-31T12:00:05.000000Z" } }));
    const resume = resumeEnvelope({
      headers: { "x-asya-resume-task": "task-1", "x-asya-resume-timeout": 90.5 },
      status: { phase: "pending", created_at: "2026-01-31T12:00:00Z" },
    });
    const { message } = await ledger.resume(resume);
    expect(message.headers["x-asya-deadline-at"]).toBe("2026-01-31T12:01:32.500000Z");
    expect(message.status).toEqual({
      phase: "pending",
      created_at: "2026-01-31T12:00:00Z",
      deadline_at: "2026-01-31T12:01:32.500000Z",
    });
    elapse(60_000);
    expect((await ledger.resume(resume)).message).toEqual(message);
  });

  it("drops a deadline that passed while the task waited", async () => {
    await ledger.pause(pauseEnvelope({ headers: { "x-asya-deadline-at": "2026-01-31T12:02:00.000000Z" } }));
    elapse(3_600_000);
    const { message } = await ledger.resume(resumeEnvelope());
    expect(Object.keys(message.headers)).not.toContain("x-asya-deadline-at");
  });

  it.each([0, -1, "soon", Infinity, {}])("refuses %j seconds left, and the task stays paused", async (timeout) => {
    await ledger.pause(pauseEnvelope());
    const headers = { "x-asya-resume-task": "task-1", "x-asya-resume-timeout": timeout };
    await expect(ledger.resume(resumeEnvelope({ headers }))).rejects.toMatchObject({ code: "invalid-message" });
    expect(await ledger.inspect("task-1")).toMatchObject({ state: "paused" });
  });

  it("says where it looked for a task that is not there", async () => {
    await expect(ledger.resume(resumeEnvelope())).rejects.toMatchObject({
      code: "task-not-found",
      message: expect.stringMatching(/paused\/task-1\.json.* was not pruned\.$/u),
    });
    const unnamed = ledger.resume(resumeEnvelope({ headers: {} }));
    await expect(unnamed).rejects.toThrow("No header x-asya-resume-task says which task is meant.");
  });

  it("takes strictly what it can of fields that another program stored", async () => {
    await ledger.pause(pauseEnvelope());
    const key = "paused/task-1.json";
    const { _holdpoint, ...foreign } = await readJson(store, key);
    const metadata = { prompt: "?", fields: [{ name: "size", type: "string", options: "S, M or L" }] };
    await store.put(key, new TextEncoder().encode(JSON.stringify({ ...foreign, _pause_metadata: metadata })));
    const { message } = await ledger.resume(resumeEnvelope({ payload: { size: "M" } }), { validation: "strict" });
    expect(message.payload).toMatchObject({ size: "M" });
  });

  it("reports every violation in strict mode, and the task stays paused", async () => {
    const metadata = {
      prompt: "Review",
      fields: [
        { name: "approved", type: "boolean" as const },
        { name: "level", type: "string" as const, options: ["low", "high"] },
        { name: "notes", type: "string" as const, payload_key: "/review/notes", default: "none" },
      ],
    };
    await ledger.pause(pauseEnvelope(), { metadata });
    const wrong = resumeEnvelope({ payload: { level: "middle", extra: 1 } });
    await expect(ledger.resume(wrong, { validation: "strict" })).rejects.toMatchObject({
      code: "invalid-input",
      message: expect.stringMatching(/approved is required.*level is not one of.*extra is not one of the fields/u),
    });
    const right = resumeEnvelope({ payload: { approved: true, level: "high" } });
    const { message } = await ledger.resume(right, { validation: "strict" });
    expect(message.payload).toEqual({ analysis: "fine", approved: true, level: "high", review: { notes: "none" } });
  });
});

describe("identity", () => {
  const a2a = { "x-asya-a2a-task-id": "a2a-7", "x-asya-a2a-context-id": "context" };

  it.each([
    ["the envelope's id", {}, resumeEnvelope()],
    ["the id itself, headers dropped", {}, resumeEnvelope({ id: "task-1", headers: {} })],
    ["resume-<id>, headers dropped", {}, resumeEnvelope({ id: "resume-task-1", headers: {} })],
    ["the A2A id", a2a, resumeEnvelope({ headers: { "x-asya-resume-task": "a2a-7" } })],
    ["the A2A id in its own header alone", a2a, resumeEnvelope({ headers: a2a })],
    ["resume-<A2A id>, headers dropped", a2a, resumeEnvelope({ id: "resume-a2a-7", headers: undefined })],
  ])("finds a task by %s", async (_name, headers, resume) => {
    await ledger.pause(pauseEnvelope({ headers }));
    expect(await ledger.resume(resume)).toMatchObject({ outcome: "resumed", taskId: "task-1" });
  });

  it("finds a task whose own id begins with resume-", async () => {
    await ledger.pause(pauseEnvelope({ id: "resume-builder" }));
    const resume = resumeEnvelope({ headers: { "x-asya-resume-task": "resume-builder" } });
    expect(await ledger.resume(resume)).toMatchObject({ taskId: "resume-builder" });
  });

  it("records a second id with one more request, once", async () => {
    await ledger.pause(pauseEnvelope({ headers: a2a }));
    expect(takeRequests()).toEqual(["put paused/task-1.json", "put paused/a2a-7.json"]);
    await ledger.resume(resumeEnvelope({ headers: { "x-asya-resume-task": "a2a-7" } }));
    expect(takeRequests()).toEqual(["get paused/a2a-7.json", "get paused/task-1.json", "put paused/task-1.json"]);
  });

  it("finds a task that a Python x-pause stored under its envelope's id by its A2A id", async () => {
    const document = {
      id: "task-1",
      route: { prev: [], curr: "x-pause", next: ["x-resume", "next"] },
      headers: a2a,
      payload: {},
    };
    const resume = resumeEnvelope({ headers: { "x-asya-resume-task": "a2a-7" } });
    // The child of a fan-out carries its parent's A2A id, but does not answer to it.
    const child = { ...document, id: "a-child", parent_id: "task-1" };
    for (const each of [child, document]) {
      await store.put(`paused/${each.id}.json`, new TextEncoder().encode(JSON.stringify(each)));
    }
    expect(await ledger.resume(resume)).toMatchObject({ outcome: "resumed", taskId: "task-1" });
  });

  const secondRounds: readonly (readonly [string, string, Record<string, string>])[] = [
    ["a fresh id", "b0e0c7e2-uuid", {}],
    ["resume-<id>", "resume-task-1", {}],
    ["the task's id", "task-1", {}],
    ["a fresh id and an A2A id", "b0e0c7e2-uuid", a2a],
  ];
  it.each(secondRounds)(
    "finds a task at its second and third pause point where resumes have %s",
    async (_name, id, headers) => {
      const route = { prev: [], curr: "x-pause", next: ["s2", "x-pause", "s3", "x-pause", "s4"] };
      const known = ["task-1", id, ...Object.values(headers).slice(0, 1)];
      for (const name of known) {
        ({ ledger, store } = await openLedger());
        let arriving: Envelope = pauseEnvelope({ route, headers });
        for (const round of [1, 2, 3]) {
          await ledger.pause(arriving);
          const resume = resumeEnvelope({
            id: id.startsWith("b0e") ? `${id}-${round}` : id,
            // From the second pause point on, the gateway may know the task by the id of its last resume message.
            headers: {
              "x-asya-resume-task":
                round > 1 && name.startsWith("b0e")
                  ? `${id}-${round - 1}`
                  : name.startsWith("b0e")
                    ? "task-1"
                    : round === 1 && name === id
                      ? "task-1"
                      : name,
            },
            payload: { round },
          });
          const { outcome, message } = await ledger.resume(resume);
          expect({ name, round, outcome }).toEqual({ name, round, outcome: "resumed" });
          if (round < 3) arriving = atNextPause(resume, message);
          else expect(message).toMatchObject({ next: ["s4"], payload: { round: 3 } });
        }
      }
    },
  );

  it("does not let the children of a fan-out overwrite one another", async () => {
    const headers = { ...a2a };
    const children = [
      pauseEnvelope({ id: "task-1", headers, payload: { child: 0 } }),
      pauseEnvelope({ id: "child-1", parent_id: "task-1", headers, payload: { child: 1 } }),
      pauseEnvelope({ id: "child-2", parent_id: "task-1", headers, payload: { child: 2 } }),
    ];
    await Promise.all(children.map((child) => ledger.pause(child)));
    for (const [index, { id }] of children.entries()) {
      const resume = resumeEnvelope({ id: `r-${index}`, headers: { "x-asya-resume-task": id }, payload: {} });
      expect(await ledger.resume(resume)).toMatchObject({ taskId: id, message: { payload: { child: index } } });
    }
  });

  it("does not take a child for its parent because it carries the parent's trail", async () => {
    const { resume, second, restored } = await reachSecondPause();
    const child = atNextPause(resume, restored, { id: "child-1", parent_id: resume.id, payload: { child: 1 } });
    expect(await ledger.pause(child)).toMatchObject({ outcome: "paused", key: "paused/child-1.json" });
    expect(await ledger.pause(second)).toMatchObject({ outcome: "paused", key: "paused/task-1.json" });
  });

  it("asks which task is meant where an id stands for two that are paused", async () => {
    await ledger.pause(pauseEnvelope({ id: "one", headers: a2a }));
    await ledger.pause(pauseEnvelope({ id: "two", headers: a2a }));
    const resume = resumeEnvelope({ headers: { "x-asya-resume-task": "a2a-7" } });
    await expect(ledger.resume(resume)).rejects.toMatchObject({
      code: "ambiguous-task",
      message: expect.stringContaining('"one", "two"'),
    });
    await ledger.resume(resumeEnvelope({ headers: { "x-asya-resume-task": "one" } }));
    expect(await ledger.resume({ ...resume, id: "resume-message-2" })).toMatchObject({ taskId: "two" });
  });
});

describe("the second pause point", () => {
  it("costs one request, for the header spares the read", async () => {
    const resume = resumeEnvelope({ id: "resume-task-1" });
    const { second } = await reachSecondPause(resume);
    takeRequests();
    expect(await ledger.pause(second)).toMatchObject({ outcome: "paused" });
    expect(takeRequests()).toEqual(["put paused/task-1.json"]);
  });

  it("absorbs the first pause when it is delivered again, before and after the second resume", async () => {
    const { first, second } = await reachSecondPause();
    await ledger.pause(second);
    expect(await ledger.pause(first)).toMatchObject({ outcome: "stale" });
    await ledger.resume(resumeEnvelope({ id: "resume-message-2" }));
    expect(await ledger.pause(first)).toMatchObject({ outcome: "stale" });
    expect(await ledger.pause(second)).toMatchObject({ outcome: "stale" });
  });

  it("is idempotent, also where the actor before it ran twice", async () => {
    const { second } = await reachSecondPause();
    await ledger.pause(second);
    expect(await ledger.pause(second)).toMatchObject({ outcome: "already-paused" });
    expect(await ledger.pause({ ...second, payload: { other: true } })).toMatchObject({ outcome: "already-paused" });
  });

  it("is not resumed by the first resume delivered again", async () => {
    const { resume, second } = await reachSecondPause();
    await ledger.pause(second);
    const again = await ledger.resume(resume);
    expect(again.outcome).toBe("absorbed");
    expect(again.message).toMatchObject({ next: ["step-3"], headers: { "x-asya-pause": {} } });
    expect(await ledger.inspect("task-1")).toMatchObject({ state: "paused", sequence: 2 });
  });

  describe("where a gateway uses one id for every resume of a task", () => {
    const at = (created_at: string | undefined): Envelope =>
      resumeEnvelope({ id: "resume-task-1", status: created_at === undefined ? undefined : { created_at } });

    it("tells a second, equal answer by the gateway's time", async () => {
      const { second } = await reachSecondPause(at("2026-01-31T12:00:00Z"));
      await ledger.pause(second);
      expect(await ledger.resume(at("2026-01-31T12:00:00Z"))).toMatchObject({ outcome: "absorbed" });
      expect(await ledger.resume(at("2026-01-31T12:05:00Z"))).toMatchObject({ outcome: "resumed" });
    });

    it.each([
      [undefined, undefined],
      ["2026-01-31T12:00:00.5Z", "2026-01-31T12:05:00.5Z"],
    ])("does not resume by what may be the first message again (%j, then %j)", async (first, again) => {
      const { second } = await reachSecondPause(at(first));
      await ledger.pause(second);
      await expect(ledger.resume(at(again))).rejects.toMatchObject({ code: "repeated-resume" });
      expect(await ledger.inspect("task-1")).toMatchObject({ state: "paused" });
      expect(await ledger.resume({ ...at(again), payload: { approved: false } })).toMatchObject({ outcome: "resumed" });
    });

    it("replays a resume although its time differs, rather than lose the task", async () => {
      await ledger.pause(pauseEnvelope());
      await ledger.resume(at("2026-01-31T12:00:00Z"));
      expect(await ledger.resume(at("2026-01-31T12:00:01Z"))).toMatchObject({ outcome: "replayed" });
    });
  });
});

describe("a review loop", () => {
  const route = { prev: ["fix"], curr: "x-pause", next: ["fix", "x-pause", "fix"] };
  const looped = (resume: Envelope, restored: OutgoingMessage, headers = restored.headers): Envelope => ({
    id: resume.id,
    route: { prev: ["x-resume", "fix"], curr: "x-pause", next: ["fix", "x-pause", "fix"] },
    headers,
    payload: { text: "as before" },
  });

  it("pauses anew each round, though route and payload are the same", async () => {
    let arriving = pauseEnvelope({ route, payload: { text: "as before" } });
    const seen: Envelope[] = [];
    for (let round = 1; round <= 20; round += 1) {
      expect({ round, ...(await ledger.pause(arriving)) }).toMatchObject({ round, outcome: "paused" });
      seen.push(arriving);
      const resume = resumeEnvelope({ id: "task-1", payload: { approved: false, round } });
      arriving = looped(resume, (await ledger.resume(resume)).message);
    }
    for (const message of seen) expect(await ledger.pause(message)).toMatchObject({ outcome: "stale" });
  });

  it("pauses anew each round where an actor drops the trail: when in doubt, pause", async () => {
    let arriving = pauseEnvelope({ route, payload: { text: "as before" } });
    for (let round = 1; round <= 4; round += 1) {
      expect({ round, ...(await ledger.pause(arriving)) }).toMatchObject({ round, outcome: "paused" });
      const resume = resumeEnvelope({ id: "task-1", payload: { approved: false, round } });
      arriving = looped(resume, (await ledger.resume(resume)).message, {});
    }
  });

  it("is found by its first id where an actor drops the trail and resumes have fresh ids", async () => {
    let arriving = pauseEnvelope({ route });
    for (let round = 1; round <= 4; round += 1) {
      await ledger.pause(arriving);
      const resume = resumeEnvelope({ id: `fresh-${round}`, payload: { round } });
      const result = await ledger.resume(resume);
      expect(result).toMatchObject({ outcome: "resumed" });
      arriving = looped(resume, result.message, {});
    }
  });
});

describe("documents of a Python x-pause", () => {
  const base = { id: "task-1", headers: { trace: "t" }, payload: { analysis: "fine" } };
  it.each([
    ["with x-resume first", { prev: ["a"], curr: "x-pause", next: ["x-resume", "summarizer"] }],
    ["already shifted", { prev: ["a", "x-pause"], curr: "x-resume", next: ["summarizer"] }],
  ])("are resumed once, %s", async (_name, route) => {
    await store.put("paused/task-1.json", new TextEncoder().encode(JSON.stringify({ ...base, route })));
    expect(await ledger.resume(resumeEnvelope())).toMatchObject({
      outcome: "resumed",
      message: { next: ["summarizer"], payload: { analysis: "fine", approved: true }, headers: { trace: "t" } },
    });
    await expect(ledger.resume(resumeEnvelope({ id: "second" }))).rejects.toMatchObject({ code: "already-resumed" });
  });

  it("are recognised as the same pause", async () => {
    const route = { prev: ["analyzer"], curr: "x-pause", next: ["x-resume", "summarizer"] };
    const body = new TextEncoder().encode(JSON.stringify({ ...base, headers: { traceparent: "00-abc" }, route }));
    await store.put("paused/task-1.json", body);
    expect(await ledger.pause(pauseEnvelope())).toMatchObject({ outcome: "already-paused" });
    expect((await store.get("paused/task-1.json"))?.body).toEqual(body);
  });

  it("that replaced a tombstone are not resumed by the answer to an earlier pause point", async () => {
    const resume = resumeEnvelope({ id: "task-1" });
    const { second } = await reachSecondPause(resume);
    const { prev, curr, next } = second.route;
    const document = { ...second, route: { prev, curr, next: ["x-resume", ...next] } };
    await store.put("paused/task-1.json", new TextEncoder().encode(JSON.stringify(document)));
    await expect(ledger.resume(resume)).rejects.toMatchObject({ code: "repeated-resume" });
    expect(await ledger.pause(second)).toMatchObject({ outcome: "already-paused" });
    expect(await ledger.resume(resumeEnvelope({ id: "another" }))).toMatchObject({ outcome: "resumed" });
  });
});

describe("a document that cannot be read", () => {
  it.each([
    ['{"payload":{"secret":"hunter2","score":NaN}}', "Python writes NaN"],
    ['{"payload":{"secret":"hunter2"} "a"', "at position"],
    ["hunter2", "Unexpected token 'h'"],
    ["undefined", "something else"],
  ])("is told about without what it holds: %s", async (text, problem) => {
    await store.put("paused/task-1.json", new TextEncoder().encode(text));
    const error = await ledger.inspect("task-1").catch((thrown: unknown) => thrown as CheckpointError);
    expect(error).toMatchObject({ code: "corrupt", message: expect.stringContaining(problem) as unknown });
    expect(inspect(error)).not.toMatch(/hunter2|"undefined"/u);
  });

  it.each([
    ["empty", ""],
    ["cut off", '{"id":"task-1","payload":{"a'],
    ["of another kind", '["not","a","task"]'],
    ["without a payload", '{"id":"task-1","route":{"prev":[],"curr":"","next":[]}}'],
    ["of a newer format", '{"id":"task-1","_holdpoint":{"format":2,"state":"paused"}}'],
    ["edited by hand", '{"id":"task-1","_holdpoint":{"format":1,"state":"pausd"}}'],
    ["not UTF-8", new Uint8Array([0x7b, 0xff, 0x7d])],
  ])("fails closed and stays as it is: %s", async (_name, content) => {
    const body = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await store.put("paused/task-1.json", body);
    for (const attempt of [
      ledger.resume(resumeEnvelope()),
      ledger.pause(pauseEnvelope()),
      ledger.cancel("task-1"),
      ledger.inspect("task-1"),
    ]) {
      await expect(attempt).rejects.toSatisfy((error) => CheckpointError.is(error, "corrupt"));
    }
    const states: string[] = [];
    for await (const { state, problem } of ledger.list()) states.push(`${state}: ${problem}`);
    expect(states).toEqual([expect.stringMatching(/^corrupt: .*left as it is/u)]);
    expect(await ledger.prune({ olderThanMs: 0 })).toEqual({ examined: 1, removed: 0, compacted: 0 });
    expect((await store.get("paused/task-1.json"))?.body).toEqual(body);
  });
});

describe("cancel, list and prune", () => {
  it("answers and cancels only the pause point that was looked at, if asked to", async () => {
    const { second, resume } = await reachSecondPause();
    await ledger.pause(second);
    const shown = await ledger.inspect("task-1");
    const answer = resumeEnvelope({ id: "answer-2" });
    await store.put("paused/task-1.json", (await store.get("paused/task-1.json"))?.body ?? new Uint8Array());
    const ifVersion = shown?.version;
    expect(ifVersion).toEqual(expect.any(String));
    await expect(ledger.resume(answer, { ifVersion })).rejects.toMatchObject({
      code: "conflict",
      outcome: "not-applied",
    });
    await expect(ledger.cancel("task-1", { ifVersion })).rejects.toMatchObject({ code: "conflict" });
    expect(await ledger.resume(resume, { ifVersion })).toMatchObject({ outcome: "absorbed" });
    const now = await ledger.inspect("task-1");
    expect(await ledger.resume(answer, { ifVersion: now?.version })).toMatchObject({ outcome: "resumed" });
    expect(await ledger.resume(answer, { ifVersion: now?.version })).toMatchObject({ outcome: "replayed" });
  });

  it("cancels once, and a canceled task cannot be resumed", async () => {
    await ledger.pause(pauseEnvelope());
    expect(await ledger.cancel("task-1", { by: "ops", reason: "duplicate" })).toBe(true);
    expect(await ledger.cancel("task-1")).toBe(false);
    expect(await ledger.inspect("task-1")).toMatchObject({ state: "canceled", endedBy: "ops", reason: "duplicate" });
    await expect(ledger.resume(resumeEnvelope())).rejects.toMatchObject({
      code: "canceled",
      message: expect.stringMatching(/canceled by "ops" at .* \(duplicate\)/u),
    });
    expect(await ledger.pause(pauseEnvelope())).toMatchObject({ outcome: "stale" });
  });

  it("lists tasks by state, and no second ids", async () => {
    for (const id of ["a", "b", "c"])
      await ledger.pause(pauseEnvelope({ id, headers: { "x-asya-a2a-task-id": `${id}-a2a` } }));
    await ledger.resume(resumeEnvelope({ headers: { "x-asya-resume-task": "b-a2a" } }));
    await ledger.cancel("c-a2a");
    const states: Record<string, string> = {};
    for await (const { taskId, state } of ledger.list()) states[taskId] = state;
    expect(states).toEqual({ a: "paused", b: "resumed", c: "canceled" });
    const paused: string[] = [];
    for await (const { taskId } of ledger.list({ state: "paused" })) paused.push(taskId);
    expect(paused).toEqual(["a"]);
  });

  it("shows how a task came about", async () => {
    const { second } = await reachSecondPause();
    await ledger.pause(second);
    expect(await ledger.inspect("resume-message-1")).toMatchObject({
      state: "paused",
      sequence: 2,
      history: [{ sequence: 1, resumedBy: "resume-message-1" }],
    });
    expect(await ledger.inspect("nobody")).toBeNull();
  });

  it("prunes what has ended long enough ago, and then its second ids", async () => {
    await ledger.pause(pauseEnvelope({ id: "old", headers: { "x-asya-a2a-task-id": "old-a2a" } }));
    await ledger.resume(resumeEnvelope({ headers: { "x-asya-resume-task": "old" } }));
    await ledger.pause(pauseEnvelope({ id: "waiting" }));
    elapse(3_600_000);
    await ledger.pause(pauseEnvelope({ id: "recent" }));
    await ledger.cancel("recent");
    let removed = 0;
    // A second id goes once nothing stands behind it any more, which may be at the next run.
    for (let run = 0; run < 2; run += 1) removed += (await ledger.prune({ olderThanMs: 1_800_000 })).removed;
    expect(removed).toBe(2);
    const left: string[] = [];
    for await (const { key } of store.list()) left.push(key);
    expect(left.toSorted()).toEqual(["paused/recent.json", "paused/waiting.json"]);
  });
});
