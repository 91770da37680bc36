import { beforeEach, describe, expect, it, vi } from "vitest";

import type { CheckpointStore } from "../store/checkpoint-store.ts";
import { openHolds, person } from "../../test/holds-fixture.ts";
import { HoldError } from "./hold-error.ts";
import type { HoldRequest } from "./hold-ask.ts";
import { createHolds } from "./create-holds.ts";
import type { Holds, HoldSummary } from "./holds.ts";
import { NotApplied } from "./not-applied.ts";

let holds: Holds;
let store: CheckpointStore;
let takeRequests: () => readonly string[];
let elapse: (ms: number) => void;

const refund: HoldRequest = {
  ask: { message: "Refund 5000?", details: "Asked by *mail*", decisions: ["approve", "edit", "reject", "respond"] },
  content: { amount: 5000 },
};

beforeEach(async () => {
  ({ holds, store, takeRequests, elapse } = await openHolds());
});

/** What an operation is refused with. */
async function refusal(promise: Promise<unknown>): Promise<HoldError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!HoldError.is(error)) throw new Error("it was not refused", { cause: error });
  return error;
}

async function listed(options: Parameters<Holds["list"]>[0] = {}): Promise<readonly HoldSummary[]> {
  return await Array.fromAsync(holds.list(options));
}

describe("asking", () => {
  it("stores the question with one request", async () => {
    expect(await holds.open("refund-42", refund, { by: "bot" })).toEqual({
      outcome: "opened",
      id: "refund-42",
      state: "waiting",
    });
    expect(takeRequests()).toEqual(["put holds/refund-42.json"]);
    expect(await holds.inspect("refund-42")).toMatchObject({
      state: "waiting",
      message: "Refund 5000?",
      content: { amount: 5000 },
      openedBy: "bot",
      log: [{ did: "opened", by: "bot" }],
      logCut: 0,
    });
  });

  it("keeps who did something, and who said that it was them", async () => {
    const by = { issuer: "https://login.example.com", subject: "ada" };
    const via = { issuer: "https://programs.example.com", subject: "portal" };
    await holds.open("refund-42", { ...refund, approvals: 2 }, { by, via });
    const grace = { ...by, subject: "grace" };
    await holds.answer("refund-42", { decision: "approve" }, { by: grace, via });
    await holds.answer("refund-42", { decision: "approve" }, { by });
    const failing = holds.act("refund-42", () => {
      throw new Error("socket hang up");
    });
    await expect(failing).rejects.toThrow("socket hang up");
    await holds.settle("refund-42", { applied: false }, { by: grace, via });
    await holds.cancel("refund-42", { by: grace, via });
    const hold = await holds.inspect("refund-42");
    expect(hold).toMatchObject({ openedBy: by, openedVia: via, votes: [{ by: grace, via }], answer: { by } });
    expect(hold?.answer?.via).toBeUndefined();
    const said = hold?.log.filter((entry) => entry.via !== undefined);
    expect(said?.map(({ did, by: who, via: program }) => [did, who, program])).toEqual([
      ["opened", by, via],
      ["voted", grace, via],
      ["settled", grace, via],
      ["canceled", grace, via],
    ]);
    await expect(holds.open("b", refund, { via: { issuer: "", subject: "x" } })).rejects.toThrow(
      "via: expected a name",
    );
  });

  it("asks nothing twice, whatever became of the question", async () => {
    const states: string[] = [];
    const again = async (): Promise<void> => {
      const { outcome, state } = await holds.open("refund-42", refund);
      states.push(`${outcome} ${state}`);
    };
    await again();
    await again();
    await holds.answer("refund-42", { decision: "approve" });
    await again();
    await holds.act("refund-42", () => "paid");
    await again();
    elapse(1_000_000);
    await holds.prune({ olderThanMs: 0 });
    await again();
    expect(states).toEqual(["opened waiting", "found waiting", "found answered", "found done", "found done"]);
  });

  it("refuses another message, details or content under the same id, and keeps what is stored where asked to", async () => {
    await holds.open("refund-42", refund);
    const before = await store.get("holds/refund-42.json");
    for (const other of [
      { ...refund, content: { amount: 50_000 } },
      { ...refund, ask: { ...refund.ask, message: "Refund 50?" } },
      { ...refund, ask: { ...refund.ask, details: "…" } },
    ]) {
      expect(await refusal(holds.open("refund-42", other))).toMatchObject({ code: "different-hold", id: "refund-42" });
      expect(await holds.open("refund-42", other, { ifDifferent: "keep" })).toMatchObject({ outcome: "kept" });
    }
    expect(await store.get("holds/refund-42.json")).toEqual(before);
  });

  it("takes another saved state, other labels and the same names in another order for the same question", async () => {
    await holds.open("a", { ...refund, content: { x: 1, y: 2 }, savedState: "first" });
    const again = { ...refund, content: { y: 2, x: 1 }, savedState: "second", labels: { team: "a" } };
    expect(await holds.open("a", again)).toMatchObject({ outcome: "found" });
  });

  it("lets a fingerprint say what is the same", async () => {
    await holds.open("a", { ...refund, fingerprint: "refund of order 42" });
    const reworded = { ask: { message: "May I pay 5000 back?" }, fingerprint: "refund of order 42" };
    expect(await holds.open("a", reworded)).toMatchObject({ outcome: "found" });
    expect(await refusal(holds.open("a", refund))).toMatchObject({ code: "different-hold" });
  });

  it.each<readonly [string, HoldRequest]>([
    ["ask.message", { ask: { message: "" } }],
    ["ask.details", { ask: { message: "?", details: "x".repeat(300_000) } }],
    ["ask.decisions", { ask: { message: "?", decisions: [] } }],
    ["ask.decisions", { ask: { message: "?", decisions: ["approve", "approve"] } }],
    ["ask.decisions[1]", { ask: { message: "?", decisions: ["approve", "later"] } }],
    ["ask.decisions[0]", { ask: { message: "?", decisions: [{ name: "reject", approving: true }] } }],
    ["content.at is a Date", { ask: { message: "?" }, content: { at: new Date() } }],
    ["savedState", { ask: { message: "?" }, savedState: { a: 1 } as never }],
    ["approvals", { ask: { message: "?" }, approvals: 0 }],
    ["notBy[0]", { ask: { message: "?" }, notBy: [{ issuer: "x" } as never] }],
    ["labels", { ask: { message: "?" }, labels: { team: 1 as never } }],
    ["fingerprint", { ask: { message: "?" }, fingerprint: "" }],
    ['there is no "notby"; there are ask, content', { ask: { message: "?" }, notby: ["ada"] } as never],
    ['ask: there is no "decision"', { ask: { message: "?", decision: ["approve"] } as never }],
    [
      'ask.decisions[0]: there is no "approve"',
      { ask: { message: "?", decisions: [{ name: "go", approve: true } as never] } },
    ],
  ])("names what is wrong before anything is stored: %s", async (where, request) => {
    const error = await refusal(holds.open("a", request));
    expect(error.code).toBe("invalid-argument");
    expect(error.message).toContain(where);
    expect(takeRequests()).toEqual([]);
  });

  it("runs nothing where no work is handed over, and leaves nothing in doubt", async () => {
    await holds.open("a", refund);
    await holds.answer("a", { decision: "approve" });
    const error = await refusal(holds.act("a", undefined as never));
    expect(error).toMatchObject({ code: "invalid-argument", message: expect.stringContaining("expected a function") });
    expect(await holds.inspect("a")).toMatchObject({ state: "answered" });
  });

  it("says that a store was not awaited", () => {
    expect(() => createHolds(Promise.resolve() as never)).toThrow("is an await missing");
    expect(() => createHolds(undefined as never)).toThrow("expected what openStore resolves to, and found undefined");
  });

  it.each(["", "x".repeat(600), "bad\uD800", 7 as never])("refuses an id that no key can hold", async (id) => {
    for (const call of [holds.open(id, refund), holds.answer(id, {}), holds.act(id, () => 1), holds.inspect(id)]) {
      expect((await refusal(call)).code).toBe("invalid-argument");
    }
    expect(takeRequests()).toEqual([]);
  });

  it("refuses a question that would leave no room for its answer, and stores nothing", async () => {
    const error = await holds
      .open("a", { ...refund, content: "x".repeat(64 * 1024 * 1024 - 1_000_000) })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "CheckpointError", code: "too-large", outcome: "not-applied" });
    expect(await holds.inspect("a")).toBeNull();
  });
});

describe("answering", () => {
  beforeEach(async () => {
    await holds.open("refund-42", refund);
    takeRequests();
  });

  it("takes two requests", async () => {
    expect(await holds.answer("refund-42", { decision: "approve" }, { by: "ada" })).toEqual({
      outcome: "answered",
      id: "refund-42",
      state: "answered",
      approvalsLeft: 0,
    });
    expect(takeRequests()).toEqual(["get holds/refund-42.json", "put holds/refund-42.json"]);
  });

  it("finds the same answer of the same person again, and refuses any other with whose was first", async () => {
    await holds.answer("refund-42", { decision: "approve" }, { by: "ada" });
    const before = await store.get("holds/refund-42.json");
    expect(await holds.answer("refund-42", { decision: "approve" }, { by: "ada" })).toMatchObject({ outcome: "found" });
    const agreeing = await refusal(holds.answer("refund-42", { decision: "approve" }, { by: "bob" }));
    const differing = await refusal(holds.answer("refund-42", { decision: "reject" }, { by: "ada" }));
    expect(agreeing).toMatchObject({ code: "already-answered", by: "ada", at: expect.any(String), agrees: true });
    expect(differing).toMatchObject({ code: "already-answered", by: "ada", agrees: false });
    expect(differing.message).toMatch(/"refund-42" was answered by "ada" at 2026-.*, and otherwise/u);
    expect(await store.get("holds/refund-42.json")).toEqual(before);
  });

  it("names every fault of an answer, and still waits", async () => {
    const error = await refusal(holds.answer("refund-42", { decision: "perhaps", content: 1, comment: 7 as never }));
    expect(error).toMatchObject({
      code: "invalid-answer",
      violations: [
        'decision is "perhaps"; expected one of "approve", "edit", "reject", "respond"',
        "content is given; only edit takes it",
        "comment is not text",
      ],
    });
    expect((await refusal(holds.answer("refund-42", { decision: "edit" }))).violations).toHaveLength(1);
    expect((await refusal(holds.answer("refund-42", { decision: "respond" }))).violations).toHaveLength(1);
    expect(await holds.inspect("refund-42")).toMatchObject({ state: "waiting" });
    expect((await refusal(holds.answer("refund-42", { descision: "approve" } as never))).code).toBe("invalid-argument");
  });

  it("refuses an answer that would leave no room for what comes of it, and still waits", async () => {
    const content = "x".repeat(64 * 1024 * 1024 - 32 * 1024);
    const error = await holds.answer("refund-42", { decision: "edit", content }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "CheckpointError", code: "too-large", outcome: "not-applied" });
    expect((error as Error).message).toContain("Nothing was stored");
    expect(await holds.inspect("refund-42")).toMatchObject({ state: "waiting", log: [{ did: "opened" }] });
    expect(await holds.answer("refund-42", { decision: "approve" })).toMatchObject({ outcome: "answered" });
  });

  it("says of an unknown id where it has looked", async () => {
    const error = await refusal(holds.answer("refund-43", { decision: "approve" }));
    expect(error).toMatchObject({ code: "not-found", id: "refund-43" });
    expect(error.message).toContain("holds/refund-43.json");
  });

  it("lets one of sixteen that race", async () => {
    const people = Array.from({ length: 16 }, (_, index) => `person-${index}`);
    const outcomes = await Promise.allSettled(
      people.map(async (by) => await holds.answer("refund-42", { decision: "approve" }, { by })),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
});

describe("acting", () => {
  beforeEach(async () => {
    await holds.open("refund-42", { ...refund, savedState: "run 7" });
    takeRequests();
  });

  it("runs once for three requests, and hands everybody else the receipt", async () => {
    await holds.answer("refund-42", { decision: "approve", comment: "fine" }, { by: "ada" });
    takeRequests();
    const work = vi.fn<() => Promise<object>>(async () => ({ payment: 1 }));
    expect(await holds.act("refund-42", work)).toEqual({
      outcome: "done",
      id: "refund-42",
      ran: true,
      receipt: { payment: 1 },
    });
    expect(takeRequests()).toEqual([
      "get holds/refund-42.json",
      "put holds/refund-42.json",
      "put holds/refund-42.json",
    ]);
    expect(await holds.act("refund-42", work)).toEqual({
      outcome: "done",
      id: "refund-42",
      ran: false,
      receipt: { payment: 1 },
    });
    expect(work).toHaveBeenCalledTimes(1);
    expect(work).toHaveBeenCalledWith({
      id: "refund-42",
      content: { amount: 5000 },
      savedState: "run 7",
      answer: {
        decision: "approve",
        comment: "fine",
        by: "ada",
        at: expect.any(Date),
        approving: true,
        byExpiry: false,
      },
      idempotencyKey: expect.stringMatching(/^[\da-f-]{36}$/u),
      attempt: 1,
      signal: expect.any(AbortSignal),
    });
  });

  it("works on what the person made of the content", async () => {
    await holds.answer("refund-42", { decision: "edit", content: { amount: 50 } });
    expect(await holds.act<unknown>("refund-42", ({ content }) => content)).toMatchObject({ receipt: { amount: 50 } });
  });

  it.each([
    ["a rejection", "rejected", async () => await holds.answer("refund-42", { decision: "reject" }, { by: "ada" })],
    [
      "a comment instead",
      "rejected",
      async () => await holds.answer("refund-42", { decision: "respond", comment: "why?" }, { by: "ada" }),
    ],
    ["a cancelation", "canceled", async () => await holds.cancel("refund-42", { by: "ada" })],
  ] as const)("runs nothing after %s", async (_name, outcome, end) => {
    await end();
    const work = vi.fn<() => void>();
    expect(await holds.act("refund-42", work)).toMatchObject({ outcome, by: "ada", at: expect.any(Date) });
    elapse(1_000_000);
    await holds.prune({ olderThanMs: 0 });
    expect(await holds.act("refund-42", work)).toMatchObject({ outcome, by: "ada", at: expect.any(Date) });
    expect(work).not.toHaveBeenCalled();
  });

  it("refuses what still waits and what was never asked", async () => {
    const work = vi.fn<() => void>();
    expect((await refusal(holds.act("refund-42", work))).code).toBe("not-answered");
    expect((await refusal(holds.act("refund-43", work))).code).toBe("not-found");
    expect(work).not.toHaveBeenCalled();
  });

  it("is in doubt when the work throws, and runs nothing more under stop", async () => {
    await holds.answer("refund-42", { decision: "approve" });
    const error = await refusal(
      holds.act("refund-42", () => {
        throw new Error("socket hang up");
      }),
    );
    expect(error).toMatchObject({ code: "in-doubt", cause: new Error("socket hang up") });
    const work = vi.fn<() => void>();
    expect((await refusal(holds.act("refund-42", work))).code).toBe("in-doubt");
    expect((await refusal(holds.act("refund-42", work, { whenInDoubt: "again" }))).code).toBe("in-doubt");
    expect(work).not.toHaveBeenCalled();
    expect(await holds.inspect("refund-42")).toMatchObject({
      state: "in-doubt",
      doubt: { why: "threw", problem: "socket hang up" },
    });
  });

  it("runs again under the same key where that was chosen, with another attempt", async () => {
    await holds.answer("refund-42", { decision: "approve" });
    const seen: unknown[] = [];
    const act = async (fails: boolean): Promise<unknown> =>
      await holds.act(
        "refund-42",
        ({ idempotencyKey, attempt }) => {
          seen.push([idempotencyKey, attempt]);
          if (fails) throw new Error("timed out");
          return "paid";
        },
        { whenInDoubt: "again" },
      );
    expect((await refusal(act(true))).code).toBe("in-doubt");
    expect(await act(false)).toMatchObject({ outcome: "done", ran: true, receipt: "paid" });
    const [[key]] = seen as [[string, number], [string, number]];
    expect(seen).toEqual([
      [key, 1],
      [key, 2],
    ]);
  });

  it("frees the claim of work that is certain to have had no effect", async () => {
    await holds.answer("refund-42", { decision: "approve" });
    const thrown = new NotApplied("the payee is closed");
    await expect(
      holds.act("refund-42", () => {
        throw thrown;
      }),
    ).rejects.toBe(thrown);
    expect(await holds.inspect("refund-42")).toMatchObject({ state: "answered" });
    expect(await holds.act("refund-42", ({ attempt }) => attempt)).toMatchObject({ receipt: 2, ran: true });
  });

  it.each([
    ["not-json", () => ({ at: new Date() })],
    ["too-large", () => "x".repeat(64 * 1024 * 1024)],
  ])("is done all the same with a receipt that is %s", async (omitted, work: () => unknown) => {
    await holds.answer("refund-42", { decision: "approve" });
    expect(await holds.act("refund-42", work)).toMatchObject({ outcome: "done", ran: true, omitted });
    expect(await holds.act("refund-42", work)).toMatchObject({
      outcome: "done",
      ran: false,
      receipt: undefined,
      omitted,
    });
  });

  it("keeps a receipt of nothing", async () => {
    await holds.answer("refund-42", { decision: "approve" });
    await holds.act("refund-42", () => {});
    expect(await holds.act("refund-42", () => {})).toEqual({
      outcome: "done",
      id: "refund-42",
      ran: false,
      receipt: undefined,
    });
  });

  it("lets one of sixteen run", async () => {
    await holds.answer("refund-42", { decision: "approve" });
    let runs = 0;
    await Promise.allSettled(
      Array.from({ length: 16 }, async () => await holds.act("refund-42", async () => (runs += 1))),
    );
    expect(runs).toBe(1);
  });

  it("gives bytes back as bytes", async () => {
    await holds.open("bytes", { ...refund, savedState: new Uint8Array([0, 255, 128]) });
    await holds.answer("bytes", { decision: "approve" });
    let saved: unknown;
    await holds.act("bytes", ({ savedState }) => {
      saved = savedState;
    });
    expect(saved).toEqual(new Uint8Array([0, 255, 128]));
  });
});

describe("several people", () => {
  const fourEyes: HoldRequest = { ...refund, approvals: 2, notBy: [person("bot")] };

  beforeEach(async () => {
    await holds.open("refund-42", fourEyes, { by: person("bot") });
  });

  it("is answered once enough have approved the same, each counted once", async () => {
    const answer = { decision: "edit", content: { amount: 50 } };
    expect(await holds.answer("refund-42", answer, { by: person("ada") })).toMatchObject({
      outcome: "voted",
      approvalsLeft: 1,
    });
    expect(await holds.answer("refund-42", answer, { by: person("ada") })).toMatchObject({
      outcome: "found",
      approvalsLeft: 1,
    });
    expect((await refusal(holds.answer("refund-42", { decision: "approve" }, { by: person("ada") }))).code).toBe(
      "already-voted",
    );
    expect((await refusal(holds.act("refund-42", () => 1))).code).toBe("not-answered");
    expect(await holds.answer("refund-42", { decision: "approve" }, { by: person("eve") })).toMatchObject({
      outcome: "voted",
      approvalsLeft: 1,
    });
    expect(await holds.answer("refund-42", answer, { by: person("bob") })).toMatchObject({
      outcome: "answered",
      state: "answered",
    });
    expect(await holds.act("refund-42", ({ content }) => content)).toMatchObject({ receipt: { amount: 50 } });
    expect((await Array.fromAsync(holds.list()))[0]?.answers).toMatchObject([
      { by: person("ada"), decision: "edit" },
      { by: person("eve"), decision: "approve" },
      { by: person("bob"), decision: "edit" },
    ]);
    // Whoever had voted is told that it counted, and not that somebody else was first.
    expect(await holds.answer("refund-42", answer, { by: person("ada") })).toMatchObject({ outcome: "found" });
  });

  it("ends with one rejection", async () => {
    await holds.answer("refund-42", { decision: "approve" }, { by: person("ada") });
    expect(await holds.answer("refund-42", { decision: "reject" }, { by: person("bob") })).toMatchObject({
      state: "rejected",
    });
  });

  it("refuses whoever may not, and whoever is only a name", async () => {
    expect((await refusal(holds.answer("refund-42", { decision: "approve" }, { by: person("bot") }))).code).toBe(
      "not-allowed",
    );
    expect((await refusal(holds.answer("refund-42", { decision: "approve" }, { by: "ada" }))).code).toBe(
      "invalid-argument",
    );
    expect((await refusal(holds.answer("refund-42", { decision: "approve" }))).code).toBe("invalid-argument");
  });

  it("loses none of the votes that race", async () => {
    await holds.open("many", { ...refund, approvals: 8 });
    const outcomes = await Promise.all(
      Array.from(
        { length: 8 },
        async (_, index) => await holds.answer("many", { decision: "approve" }, { by: person(`p${index}`) }),
      ),
    );
    expect(outcomes.filter(({ outcome }) => outcome === "answered")).toHaveLength(1);
    expect(await holds.inspect("many")).toMatchObject({ state: "answered", votes: { length: 7 } });
  });
});

describe("the end", () => {
  it("cancels what waits and what was answered, once", async () => {
    for (const id of ["waiting", "answered"]) await holds.open(id, refund);
    await holds.answer("answered", { decision: "approve" });
    for (const id of ["waiting", "answered"]) {
      expect(await holds.cancel(id, { by: "ada", reason: "no longer needed" })).toBe(true);
      expect(await holds.cancel(id)).toBe(false);
      expect(await holds.inspect(id)).toMatchObject({ state: "canceled", endedBy: "ada", reason: "no longer needed" });
      expect((await refusal(holds.answer(id, { decision: "reject" }, { by: "bob" }))).code).toBe("canceled");
    }
  });

  it("refuses to cancel once somebody acts, has acted or has rejected", async () => {
    await holds.open("a", refund);
    await holds.answer("a", { decision: "approve" });
    await holds.act("a", async () => {
      expect((await refusal(holds.cancel("a"))).code).toBe("acting");
    });
    expect((await refusal(holds.cancel("a"))).code).toBe("done");
    await holds.open("b", refund);
    await holds.answer("b", { decision: "reject" });
    expect((await refusal(holds.cancel("b"))).code).toBe("already-answered");
    expect((await refusal(holds.cancel("c"))).code).toBe("not-found");
  });

  it("prunes what has ended, and nothing else; a program that runs again neither asks nor acts", async () => {
    for (const id of ["waiting", "answered", "done"]) await holds.open(id, { ...refund, content: id });
    for (const id of ["answered", "done"]) await holds.answer(id, { decision: "approve" });
    await holds.act("done", () => "paid");
    expect(await holds.prune({ olderThanMs: 3_600_000 })).toEqual({ examined: 3, removed: 0, compacted: 0 });
    elapse(3_600_000);
    expect(await holds.prune({ olderThanMs: 3_600_000, dryRun: true })).toEqual({
      examined: 3,
      removed: 0,
      compacted: 1,
    });
    expect(await holds.prune({ olderThanMs: 3_600_000 })).toEqual({ examined: 3, removed: 0, compacted: 1 });
    expect(await holds.prune({ olderThanMs: 3_600_000 })).toEqual({ examined: 3, removed: 0, compacted: 0 });
    expect(await holds.open("done", { ...refund, content: "done" })).toMatchObject({ outcome: "found", state: "done" });
    expect((await refusal(holds.open("done", { ...refund, content: "else" }))).code).toBe("different-hold");
    const work = vi.fn<() => void>();
    expect(await holds.act("done", work)).toMatchObject({ outcome: "done", ran: false, omitted: "pruned" });
    expect((await refusal(holds.answer("done", { decision: "approve" }))).code).toBe("already-answered");
    expect(work).not.toHaveBeenCalled();
  });
});

describe("looking", () => {
  it("lists by state, age and label, and what cannot be read as corrupt", async () => {
    await holds.open("a", { ...refund, labels: { team: "billing" } });
    await holds.open("b", refund);
    await holds.answer("b", { decision: "approve" });
    await store.put("holds/broken.json", new TextEncoder().encode('{"secret": '));
    await store.put("holds/not-a-hold.txt", new Uint8Array());
    const all = await listed();
    expect(all.map(({ id, state }) => `${id} ${state}`).toSorted()).toEqual([
      "a waiting",
      "b answered",
      "broken corrupt",
    ]);
    expect(all.find(({ id }) => id === "broken")?.problem).not.toContain("secret");
    expect((await listed({ state: "answered" })).map(({ id }) => id)).toEqual(["b"]);
    expect((await listed({ labels: { team: "billing" } })).map(({ id }) => id)).toEqual(["a"]);
    expect((await listed({ olderThanMs: 3_600_000 })).map(({ id }) => id)).toEqual(["broken"]);
    elapse(3_600_000);
    expect(await listed({ olderThanMs: 3_600_000 })).toHaveLength(3);
  });

  it("keeps a label whatever it is called", async () => {
    for (const name of ["constructor", "prototype", "__proto__", "toString"]) {
      const labels = Object.fromEntries([[name, "odd"]]);
      await holds.open(`labelled ${name}`, { ...refund, labels });
      expect((await listed({ labels })).map(({ id, labels: seen }) => [id, Object.entries(seen)])).toEqual([
        [`labelled ${name}`, [[name, "odd"]]],
      ]);
      expect(await listed({ labels: Object.fromEntries([[name, "another"]]) })).toEqual([]);
    }
  });

  it("lists also what was asked by a clock that is ahead of one's own", async () => {
    await holds.open("a", refund);
    const behind = createHolds(store, { now: () => new Date("2026-01-31T11:00:00Z") });
    expect(await Array.fromAsync(behind.list())).toMatchObject([{ id: "a", state: "waiting" }]);
  });

  it("shows the saved state to nobody", async () => {
    await holds.open("a", { ...refund, savedState: "a run's secrets" });
    const shown = JSON.stringify([await holds.inspect("a"), await listed()]);
    expect(shown).not.toContain("secrets");
  });

  it("changes nothing", async () => {
    await holds.open("a", refund);
    takeRequests();
    await holds.inspect("a");
    await listed();
    expect(takeRequests().filter((request) => !/^(?:get|list)/u.test(request))).toEqual([]);
  });
});
