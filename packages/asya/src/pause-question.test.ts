import { describe, expect, it } from "vitest";

import { checkAnswer } from "./check-answer.ts";
import { checkPauseMetadata } from "./check-pause-metadata.ts";
import type { PauseMetadata } from "./pause-metadata.ts";
import { parsePauseMetadata } from "./parse-pause-metadata.ts";
import { openLedger, pauseEnvelope, readJson, resumeEnvelope } from "../test/ledger-fixture.ts";

const hour = 3_600;

describe("decisions", () => {
  it("are asked for as a field, which every x-resume merges and every form renders", async () => {
    const metadata = parsePauseMetadata({
      prompt: "Refund?",
      decisions: ["approve", { name: "later", label: "Not yet" }],
    });
    const field = { name: "decision", type: "string", options: ["approve", "later"] };
    expect(metadata).toMatchObject({ fields: [field], decisions: ["approve", { name: "later", label: "Not yet" }] });
    expect(parsePauseMetadata(metadata)).toEqual(metadata);
    const { ledger, store } = await openLedger();
    // An author may hand in what nobody has parsed.
    await ledger.pause(pauseEnvelope(), {
      metadata: { prompt: "Refund?", fields: [], decisions: ["approve", "later"] },
    });
    expect(await readJson(store, "paused/task-1.json")).toMatchObject({ _pause_metadata: { fields: [field] } });
    const answer = (decision: string) => resumeEnvelope({ payload: { decision } });
    await expect(ledger.resume(answer("perhaps"), { validation: "strict" })).rejects.toThrow(
      'decision is not one of "approve", "later"',
    );
    const { message } = await ledger.resume(answer("later"), { validation: "strict" });
    expect(message.payload).toEqual({ analysis: "fine", decision: "later" });
  });

  it("are asked for as well where an author has left out the fields", async () => {
    const { ledger } = await openLedger();
    await ledger.pause(pauseEnvelope(), { metadata: { prompt: "?", decisions: ["approve"] } as never });
    expect((await ledger.inspect("task-1"))?.metadata?.fields).toMatchObject([{ name: "decision" }]);
  });

  it.each([
    [[], "decisions: expected at least one decision"],
    [["a", "a"], "decisions: expected names that differ from one another"],
    [[{ name: "" }], "decisions.0.name: expected a name that is not empty"],
    ["approve", "decisions: expected a list of decisions"],
  ])("%j are refused", (decisions, problem) => {
    expect(() => parsePauseMetadata({ decisions })).toThrow(problem);
  });

  it("are refused beside a field of their name that has other choices", () => {
    const fields = [{ name: "decision", type: "string", options: ["yes"] }];
    expect(() => parsePauseMetadata({ decisions: ["approve"], fields })).toThrow("is declared too, with other choices");
  });
});

describe("a schema", () => {
  const schema = { type: "object", properties: { amount: { type: "number", maximum: 100 } }, required: ["amount"] };

  it("is what a strict answer must fit, beside the fields, and a hint where nothing is checked", async () => {
    const { ledger } = await openLedger();
    const fields = [
      { name: "amount", type: "number" as const },
      { name: "note", type: "string" as const },
    ];
    await ledger.pause(pauseEnvelope(), { metadata: { prompt: "?", fields, schema } });
    const payload = { amount: 5_000, a2a: { bookkeeping: true } };
    const refused = ledger.resume(resumeEnvelope({ payload }), { validation: "strict" });
    await expect(refused).rejects.toMatchObject({
      code: "invalid-input",
      message: expect.stringMatching(/note is required; amount: .*5000.*100.* The task stays paused\.$/u) as unknown,
    });
    expect((await ledger.resume(resumeEnvelope({ payload }))).outcome).toBe("resumed");
  });

  it("that another program stored, and that cannot be used, is named and not run", async () => {
    const { ledger } = await openLedger();
    const broken = { $ref: "#/$defs/none" };
    await ledger.pause(pauseEnvelope(), { metadata: { prompt: "?", fields: [], schema: broken } });
    const task = await ledger.inspect("task-1");
    if (task === null) throw new Error("It is there.");
    await expect(checkAnswer(task, {})).rejects.toThrow(
      'cannot be checked by the schema ($ref "#/$defs/none" leads nowhere)',
    );
  });

  it.each([
    [{ type: "nothing" }, "schema: #/type: expected one of"],
    [{ $ref: "https://example.com/schema" }, "schema: #/$ref leads elsewhere"],
    [{ $ref: "#/$defs/none" }, 'schema: $ref "#/$defs/none" leads nowhere'],
  ])("%j is found out when it is tried", async (broken, problem) => {
    const metadata = parsePauseMetadata({ schema: broken });
    await expect(checkPauseMetadata(metadata)).rejects.toThrow(problem);
  });
});

describe("an expiry", () => {
  const asked = (more: object): PauseMetadata => ({ prompt: "?", fields: [], expires_in: hour, ...more });

  it("is reported, and changes nothing by itself", async () => {
    const { ledger, elapse } = await openLedger();
    await ledger.pause(pauseEnvelope(), { metadata: asked({ on_expiry: { approved: false } }) });
    const seen = async () => {
      const { state, expiresAt, isDue, onExpiry } = (await ledger.inspect("task-1")) ?? {};
      return { state, expiresAt: expiresAt?.toISOString(), isDue, onExpiry };
    };
    const expected = { state: "paused", expiresAt: "2026-01-31T13:00:01.000Z", onExpiry: { approved: false } };
    expect(await seen()).toEqual({ ...expected, isDue: false });
    elapse(hour * 1_000);
    // Clocks differ.
    expect(await seen()).toEqual({ ...expected, isDue: false });
    elapse(5_000);
    expect(await seen()).toEqual({ ...expected, isDue: true });
    const [listed] = await Array.fromAsync(ledger.list());
    expect(listed).toMatchObject({ state: "paused", isDue: true });
    expect((await ledger.resume(resumeEnvelope())).outcome).toBe("resumed");
    expect(await ledger.inspect("task-1")).not.toHaveProperty("isDue");
  });

  it.each([["soon"], [0], [-1], [null], [1e300]])(
    "of %j seconds in a stored document is as good as none",
    async (expires_in) => {
      const { ledger } = await openLedger();
      await ledger.pause(pauseEnvelope(), { metadata: asked({ expires_in }) });
      expect(await ledger.inspect("task-1")).not.toHaveProperty("expiresAt");
    },
  );

  it.each([["approve"], [{ approve: true }], [["approve"]]])(
    "is none where silence would approve: %j",
    async (stored) => {
      const { ledger } = await openLedger();
      const metadata = asked({ decisions: stored, on_expiry: { decision: "approve" } });
      await ledger.pause(pauseEnvelope(), { metadata });
      expect(await ledger.inspect("task-1")).not.toHaveProperty("expiresAt");
    },
  );

  const decisions = ["approve", "reject", "wait"];
  it.each([
    [{ expires_in: 0 }, "expires_in: expected the seconds to wait, more than 0"],
    [{ on_expiry: "cancel" }, "on_expiry: it needs expires_in"],
    [{ expires_in: 1, on_expiry: "approve" }, 'on_expiry: expected "cancel", or an object'],
    [{ expires_in: 1, decisions, on_expiry: { decision: "approve" } }, 'say "allow_on_expiry": "approve"'],
    [{ expires_in: 1, decisions, on_expiry: { decision: "wait" } }, 'nobody says whether "wait" approves'],
    [{ expires_in: 1, decisions, on_expiry: {} }, "nobody says whether no decision approves"],
  ])("%j is refused", (metadata, problem) => {
    expect(() => parsePauseMetadata(metadata)).toThrow(problem);
  });

  it.each([
    [{ decisions, on_expiry: { decision: "reject" } }],
    [{ decisions, on_expiry: { decision: "approve" }, allow_on_expiry: "approve" }],
    [{ decisions: [{ name: "wait", approving: false }], on_expiry: { decision: "wait" } }],
    [{ fields: [{ name: "approved", type: "boolean" }], on_expiry: { approved: false } }],
    [{ on_expiry: "cancel" }],
  ])("%j is taken", async (metadata) => {
    await expect(checkPauseMetadata(parsePauseMetadata({ expires_in: 1.5, ...metadata }))).resolves.toBeUndefined();
  });

  it("whose answer does not fit what is asked is found out when it is tried", async () => {
    const fields = [{ name: "approved", type: "boolean" }];
    const metadata = parsePauseMetadata({ expires_in: 1, fields, on_expiry: { approved: "no" } });
    await expect(checkPauseMetadata(metadata)).rejects.toThrow("on_expiry: it does not fit what is asked: approved");
  });
});
