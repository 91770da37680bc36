import { createHolds } from "@holdpoint/core/holds";
import type { Holds } from "@holdpoint/core/holds";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { pauseEnvelope } from "../../asya/test/ledger-fixture.ts";
import type { Workplace } from "./run-cli.ts";
import { jsonLines, openWorkplace } from "./run-cli.ts";

let workplace: Workplace;
let holds: Holds;

beforeEach(async () => {
  workplace = await openWorkplace();
  holds = createHolds(workplace.store);
  await holds.open("refund-42", { ask: { message: "Refund?" } });
});
afterEach(async () => await workplace[Symbol.asyncDispose]());

/** How the command ends that is begun while the question waits. */
async function waitWhile(change: () => Promise<unknown>, ...parameters: readonly string[]) {
  // Where a busy machine has not started it by then, it ends the same way, on its first look.
  const waiting = workplace.cli(["wait", "refund-42", ...parameters]);
  const first = await Promise.race([waiting, new Promise<"waits">((resolve) => setTimeout(resolve, 1_000, "waits"))]);
  expect(first).toBe("waits");
  await change();
  return await waiting;
}

describe("holdpoint wait", () => {
  it("ends once somebody approves, also with a time longer than a timer's", async () => {
    const answer = async () => await holds.answer("refund-42", { decision: "approve" }, { by: "ada" });
    const ended = await waitWhile(answer, "--timeout", "30d");
    expect(ended).toMatchObject({ exitCode: 0, stderr: "" });
    expect(ended.stdout).toMatch(/^refund-42 is answered: \{"decision":"approve"\} by "ada", \S+Z \(\d+ s ago\)\n$/u);
  });

  it("ends once somebody rejects, and nothing of their words acts on the terminal", async () => {
    const answer = { decision: "reject", comment: "no\u001B[2J" };
    const ended = await waitWhile(async () => await holds.answer("refund-42", answer, { by: "ada" }));
    expect(ended).toMatchObject({
      exitCode: 4,
      stdout: expect.stringContaining(String.raw`is rejected: {"decision":"reject","comment":"no\u001b[2J"} by "ada"`),
    });
  });

  it("ends once it is canceled", async () => {
    const canceled = await waitWhile(async () => await holds.cancel("refund-42"), "--json");
    expect(canceled).toMatchObject({ exitCode: 4, stderr: "" });
    expect(jsonLines(canceled.stdout)).toEqual([{ id: "refund-42", state: "canceled" }]);
  });

  it("still waits once its time is over", async () => {
    const [text, json] = await Promise.all([
      workplace.cli(["wait", "refund-42", "--timeout", "300ms"]),
      workplace.cli(["wait", "refund-42", "--timeout", "0s", "--json"]),
    ]);
    expect(text).toEqual({ exitCode: 7, stdout: "refund-42 still waits for an answer.\n", stderr: "" });
    expect(json).toMatchObject({ exitCode: 7, stderr: "" });
    expect(jsonLines(json.stdout)).toEqual([{ id: "refund-42", state: "waiting" }]);
  });

  it("says at once where a hold stands that waits no more, however short the time is", async () => {
    const past = new Date(Date.now() - 60_000);
    const then = createHolds(workplace.store, { now: () => new Date(past.getTime() - 60_000) });
    await then.open("over", { ask: { message: "?" }, expiresAt: past });
    await holds.open("value", { ask: { message: "?", schema: { type: "integer" } } });
    await holds.answer("value", { value: 7 }, { by: "ada" });
    for (const id of ["paid", "doubt"]) {
      await holds.open(id, { ask: { message: "?" } });
      await holds.answer(id, { decision: "approve" });
    }
    await holds.act("paid", () => "receipt");
    const failing = holds.act("doubt", () => {
      throw new Error("timed out");
    });
    await expect(failing).rejects.toMatchObject({ code: "in-doubt" });
    const wait = async (id: string) => await workplace.cli(["wait", id, "--timeout", "0s", "--json"]);
    const [over, value, paid, doubt] = await Promise.all(["over", "value", "paid", "doubt"].map(wait));
    expect([over, value, paid, doubt].map((ended) => ended?.exitCode)).toEqual([4, 0, 0, 8]);
    expect(jsonLines(over?.stdout ?? "")).toEqual([{ id: "over", state: "expired" }]);
    expect(jsonLines(value?.stdout ?? "")).toEqual([
      {
        id: "value",
        state: "answered",
        answer: { value: 7, by: "ada", at: expect.any(String), approving: true, byExpiry: false },
      },
    ]);
    expect(jsonLines(paid?.stdout ?? "")).toMatchObject([{ state: "done", answer: { decision: "approve" } }]);
    expect(jsonLines(doubt?.stdout ?? "")).toMatchObject([{ state: "in-doubt" }]);
    expect(await holds.inspect("over")).toMatchObject({ isDue: true });
  });

  it("waits for nothing that was never asked, and for no task", async () => {
    await workplace.ledger.pause(pauseEnvelope(), { metadata: { prompt: "Approve?", fields: [] } });
    for (const [id, says] of [
      ["nobody", "nor is there a task"],
      ["task-1", "holdpoint resume answers it"],
    ] as const) {
      expect(await workplace.cli(["wait", id])).toMatchObject({
        exitCode: 3,
        stdout: "",
        stderr: expect.stringContaining(says),
      });
    }
  });
});
