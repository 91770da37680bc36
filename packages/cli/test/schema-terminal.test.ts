import { spawnSync } from "node:child_process";

import { createHolds } from "@holdpoint/core/holds";
import { describe, expect, it } from "vitest";

import { pauseEnvelope } from "../../asya/test/ledger-fixture.ts";
import { openWorkplace } from "./run-cli.ts";
import type { Terminal } from "./terminal.ts";
import { keys, runInTerminal } from "./terminal.ts";

// https://man7.org/linux/man-pages/man1/script.1.html
const hasScript = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux") ?? false;

const schema = {
  type: "object",
  properties: {
    amount: { type: "integer", title: "How much?", description: "in cents\u001B[2J", minimum: 1, maximum: 5000 },
    region: { enum: ["eu", "us"], enumNames: ["Europe", "America"], default: "us" },
    sure: { type: "boolean" },
    tags: { type: "array", items: { enum: ["a", "b"] }, maxItems: 1 },
    notes: { $ref: "#/$defs/notes" },
    to: { allOf: [{ $ref: "#/$defs/place" }] },
    from: { anyOf: [{ $ref: "#/$defs/place" }, { type: "null" }] },
  },
  required: ["amount", "region", "sure", "from"],
  additionalProperties: false,
  dependentSchemas: { tags: { properties: { amount: { maximum: 100 } } } },
  $defs: { notes: { type: "string", maxLength: 5 }, place: { title: "Place", enum: ["here", "there"] } },
};
const erase = (characters: number): string => "\u007F".repeat(characters);

/** Answers what the schema asks, with faults that are put right. */
async function answerBySchema(terminal: Terminal): Promise<void> {
  await terminal.waitForPrompt("How much?: in cents\\\\u001b");
  terminal.type(`9000${keys.enter}`);
  await terminal.waitFor("9000 is greater than 5000");
  await terminal.waitForPrompt("How much?");
  terminal.type(`${erase(4)}1.5${keys.enter}`);
  await terminal.waitFor("integer");
  await terminal.waitForPrompt("How much?");
  terminal.type(`${erase(3)}500${keys.enter}`);
  await terminal.waitForPrompt("region");
  await terminal.waitFor(/●[^\n]*America/u);
  terminal.type("\u001B[A");
  await terminal.waitFor(/●[^\n]*Europe/u);
  terminal.type(keys.enter);
  await terminal.waitForPrompt("sure");
  terminal.type(keys.enter);
  await terminal.waitForPrompt("tags (optional)");
  terminal.type(` ${keys.down} ${keys.enter}`);
  await terminal.waitFor("tags");
  await terminal.waitForPrompt("tags (optional)");
  terminal.type(` ${keys.enter}`);
  await terminal.waitForPrompt("notes (optional)");
  terminal.type(`longer${keys.enter}`);
  await terminal.waitForPrompt("notes (optional)");
  terminal.type(`${erase(6)}${keys.enter}`);
  await terminal.waitForPrompt("to (optional)");
  await terminal.waitFor(/●[^\n]*no answer/u);
  terminal.type("\u001B[A");
  await terminal.waitFor(/●[^\n]*there/u);
  terminal.type(keys.enter);
  await terminal.waitForPrompt("from (optional)");
  terminal.type(keys.enter);
  // Only the whole says that this is too much together with tags; what was said is there to be changed.
  await terminal.waitFor("500 is greater than 100");
  await terminal.waitForPrompt("How much?");
  terminal.type(`${erase(3)}50${keys.enter}`);
  for (const prompt of ["region", "sure", "tags (optional)", "notes (optional)", "to (optional)", "from (optional)"]) {
    await terminal.waitForPrompt(prompt);
    terminal.type(keys.enter);
  }
}

const answer = { amount: 50, region: "eu", sure: true, tags: ["b"], to: "there", from: null };

describe.skipIf(!hasScript)("a schema is asked for property by property", () => {
  it("of a task", async () => {
    await using workplace = await openWorkplace();
    await workplace.ledger.pause(pauseEnvelope(), { metadata: { prompt: "Refund?", fields: [], schema } });
    const terminal = runInTerminal(workplace, ["resume", "task-1"]);
    await answerBySchema(terminal);
    await terminal.waitForPrompt("Resume the task with this answer?");
    terminal.type(keys.yes);
    expect(await terminal.exitCode).toBe(0);
    expect(await workplace.ledger.inspect("task-1")).toMatchObject({ state: "resumed", input: answer });
    expect(terminal.shown()).not.toContain("\u001B[2J");
  });

  it("of a hold", async () => {
    await using workplace = await openWorkplace();
    const holds = createHolds(workplace.store);
    await holds.open("refund-42", { ask: { message: "Refund?", schema } });
    const terminal = runInTerminal(workplace, ["answer", "refund-42"]);
    await answerBySchema(terminal);
    await terminal.waitForPrompt("Give this answer?");
    terminal.type(keys.yes);
    expect(await terminal.exitCode).toBe(0);
    expect((await holds.inspect("refund-42"))?.answer?.value).toEqual(answer);
  });

  it("or whole, where it is of no flat object; fields are put right by it too", async () => {
    await using workplace = await openWorkplace();
    const whole = { type: "object", minProperties: 1 };
    const fields = [{ name: "count", type: "number" as const }];
    const bounded = { properties: { count: { maximum: 3 } } };
    await workplace.ledger.pause(pauseEnvelope(), { metadata: { prompt: "?", fields: [], schema: whole } });
    await workplace.ledger.pause(pauseEnvelope({ id: "b" }), { metadata: { prompt: "?", fields, schema: bounded } });
    const first = runInTerminal(workplace, ["resume", "task-1"]);
    await first.waitForPrompt("The answer");
    first.type(`{}${keys.enter}`);
    await first.waitFor("does not fit");
    await first.waitForPrompt("The answer");
    first.type(`${erase(2)}{"a":1}${keys.enter}`);
    await first.waitForPrompt("Resume the task with this answer?");
    first.type(keys.yes);
    expect(await first.exitCode).toBe(0);
    const second = runInTerminal(workplace, ["resume", "b"]);
    await second.waitForPrompt("count");
    second.type(`5${keys.enter}`);
    await second.waitFor("5 is greater than 3");
    await second.waitForPrompt("count");
    second.type(`${erase(1)}2${keys.enter}`);
    await second.waitForPrompt("Resume the task with this answer?");
    second.type(keys.yes);
    expect(await second.exitCode).toBe(0);
    expect((await workplace.ledger.inspect("b"))?.input).toEqual({ count: 2 });
  });
});
