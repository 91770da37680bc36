import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { atNextPause, pauseEnvelope, resumeEnvelope } from "../../asya/test/ledger-fixture.ts";
import type { Workplace } from "./run-cli.ts";
import { jsonLines, openWorkplace } from "./run-cli.ts";
import { keys, runInTerminal } from "./terminal.ts";

const metadata = {
  prompt: "Approve?",
  fields: [
    { name: "approved", type: "boolean" as const, prompt: "Is it good?" },
    { name: "level", type: "string" as const, options: ["low", "high"] },
    { name: "count", type: "number" as const, prompt: "How many?" },
    { name: "notes", type: "string" as const, payload_key: "/review/notes", required: false },
  ],
};

let workplace: Workplace;

beforeEach(async () => {
  workplace = await openWorkplace();
  await workplace.ledger.pause(pauseEnvelope(), { metadata });
});
afterEach(async () => await workplace[Symbol.asyncDispose]());

// https://man7.org/linux/man-pages/man1/script.1.html
const hasScript = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux") ?? false;

describe.skipIf(!hasScript)("at a terminal", () => {
  it("asks for what is missing, and writes only the message to standard output", async () => {
    const file = join(workplace.directory, "message.json");
    const terminal = runInTerminal(workplace, ["resume", "task-1"], { redirect: `> '${file}'` });
    await terminal.waitForPrompt("Is it good?");
    terminal.type(keys.enter);
    await terminal.waitForPrompt("level");
    terminal.type(keys.down);
    await terminal.waitFor(/●[^\n]*high/u);
    terminal.type(keys.enter);
    await terminal.waitForPrompt("How many?");
    terminal.type(`many${keys.enter}`);
    await terminal.waitFor("not valid JSON");
    terminal.type(`${"\u007F".repeat(4)}12${keys.enter}`);
    await terminal.waitForPrompt("notes (optional)");
    terminal.type(keys.enter);
    await terminal.waitForPrompt("Resume the task with this answer?");
    terminal.type(keys.yes);
    expect(await terminal.exitCode).toBe(0);
    expect(terminal.shown()).toContain("its message goes to summarizer");
    expect(jsonLines(await readFile(file, "utf8"))).toMatchObject([
      { payload: { analysis: "fine", approved: true, level: "high", count: 12 } },
    ]);

    // The same again, as after a message that did not arrive: nothing is to be typed twice.
    const again = runInTerminal(workplace, ["resume", "task-1"], { redirect: `> '${file}.again'` });
    await again.waitForPrompt("Hand over the same message again?");
    again.type(keys.yes);
    expect(await again.exitCode).toBe(0);
    expect(await readFile(`${file}.again`, "utf8")).toBe(await readFile(file, "utf8"));
  });

  it("preselects nothing of an optional choice, except for its default", async () => {
    const optional = { required: false, prompt: "" } as const;
    const choices = [
      { ...optional, name: "tone", type: "string" as const, options: ["dry", "warm"] },
      { ...optional, name: "sure", type: "boolean" as const },
      { ...optional, name: "count", type: "number" as const, options: [1, 2], default: 2 },
      { ...optional, name: "place", type: "object" as const, options: [{ x: 1 }, { x: 2 }], default: { x: 2 } },
      { ...optional, name: "tags", type: "array" as const, options: [{ a: 1 }, "b"], default: [{ a: 1 }] },
      { ...optional, name: "none", type: "string" as const, options: ["a", "b"], default: "c" },
    ];
    await workplace.ledger.pause(pauseEnvelope({ id: "choices" }), { metadata: { prompt: "?", fields: choices } });
    const file = join(workplace.directory, "message.json");
    const terminal = runInTerminal(workplace, ["resume", "choices", "--no-validation"], { redirect: `> '${file}'` });
    for (const { name } of choices) {
      await terminal.waitForPrompt(`${name} (optional)`);
      terminal.type(keys.enter);
    }
    await terminal.waitForPrompt("Resume the task with this answer?");
    terminal.type(keys.yes);
    expect(await terminal.exitCode).toBe(0);
    const [message] = jsonLines(await readFile(file, "utf8"));
    expect(message).toHaveProperty("payload", { analysis: "fine", count: 2, place: { x: 2 }, tags: [{ a: 1 }] });
  });

  it("changes nothing on Ctrl-C, or when the answer is not confirmed", async () => {
    const interrupted = runInTerminal(workplace, ["resume", "task-1"]);
    await interrupted.waitForPrompt("Is it good?");
    interrupted.type(keys.ctrlC);
    expect(await interrupted.exitCode).toBe(130);

    const given = ["-f", "approved=true", "-f", "level=low", "-f", "count=1", "-f", "notes="];
    const declined = runInTerminal(workplace, ["resume", "task-1", ...given]);
    await declined.waitForPrompt("Resume the task with this answer?");
    declined.type("n");
    expect(await declined.exitCode).toBe(130);
    expect(declined.shown()).toContain("Nothing was changed.");

    const cancel = runInTerminal(workplace, ["cancel", "task-1"]);
    await cancel.waitForPrompt("Cancel this task?");
    cancel.type(keys.enter);
    expect(await cancel.exitCode).toBe(130);
    expect(await workplace.ledger.inspect("task-1")).toMatchObject({ state: "paused", sequence: 1 });
  });

  it("does not answer a question that was not asked", async () => {
    const given = ["-f", "approved=true", "-f", "level=low", "-f", "count=1", "-f", "notes="];
    const terminal = runInTerminal(workplace, ["resume", "task-1", ...given]);
    await terminal.waitForPrompt("Resume the task with this answer?");
    // Meanwhile somebody else answers, and the task comes to its next pause point.
    const resume = resumeEnvelope();
    const { message } = await workplace.ledger.resume(resume);
    const next = { ...message, next: ["step-2", "x-pause", "end"] };
    await workplace.ledger.pause(atNextPause(resume, next), { metadata: { prompt: "Delete everything?", fields: [] } });
    terminal.type(keys.yes);
    expect(await terminal.exitCode).toBe(4);
    expect(terminal.shown()).toContain("has changed since it was looked at");
    expect(await workplace.ledger.inspect("task-1")).toMatchObject({ state: "paused", sequence: 2 });
  });

  it("asks nothing with --yes, and colours what it shows", async () => {
    const canceled = runInTerminal(workplace, ["cancel", "task-1", "--yes", "--reason", "late"]);
    expect(await canceled.exitCode).toBe(0);
    const listed = runInTerminal(workplace, ["ls", "--state", "all"]);
    expect(await listed.exitCode).toBe(0);
    expect(listed.shown()).toContain("\u001B[90mcanceled");
    const pruned = runInTerminal(workplace, ["prune", "--older-than", "0s"]);
    expect(await pruned.exitCode).toBe(0);
    expect(pruned.shown()).toContain("\r\u001B[2KExamined 1 documents, removed 1");
    const empty = runInTerminal(workplace, ["ls"]);
    expect(await empty.exitCode).toBe(0);
    expect(empty.shown()).toContain("No such task or hold at file://");
  });

  it("lists within 60 columns, with whole ids", async () => {
    const id = "0b9c1f0e-6f5d-4a6e-9b1e-3f1f0f7f2a11";
    const prompt = "Approve this analysis of a quarter's figures before it is published?";
    await workplace.ledger.pause(pauseEnvelope({ id }), { metadata: { prompt, fields: [] } });
    for (const columns of [60, 80, 120]) {
      const listed = runInTerminal(workplace, ["ls"], { columns });
      expect(await listed.exitCode).toBe(0);
      const text = stripVTControlCharacters(listed.shown());
      expect(text).toContain(id);
      expect(text).toContain("Approve this analysis");
      for (const line of text.split(/\r?\n/u)) expect(line.length).toBeLessThanOrEqual(columns);
    }
  });

  it("lets nothing of a document act on it", async () => {
    const hostile = "\u001B[2J\u001B]0;owned\u0007\u009B31m\u202Etxt\r\n> Approved by the board";
    await workplace.ledger.pause(
      pauseEnvelope({ id: `evil${hostile}`, headers: { [hostile]: hostile }, payload: { [hostile]: hostile } }),
      {
        metadata: {
          prompt: hostile,
          fields: [
            { name: `n${hostile}`, type: "string", prompt: hostile, options: [hostile, "no"] },
            { name: "m", type: "number", prompt: hostile, default: hostile },
          ],
        },
      },
    );
    const terminals = [
      ["ls"],
      ["ls", "--json"],
      ["show", `evil${hostile}`],
      ["show", `evil${hostile}`, "--json"],
      ["show", hostile],
      ["show", "--colour", hostile],
      ["resume", `evil${hostile}`],
    ].map((parameters) => runInTerminal(workplace, parameters));
    const resume = terminals.at(-1);
    await resume?.waitFor(/n\\u001b|\\u001b\[2J/u);
    await resume?.waitFor("●");
    resume?.type(keys.enter);
    await resume?.waitFor("as JSON");
    resume?.type(keys.ctrlC);
    for (const terminal of terminals) {
      await terminal.exitCode;
      const shown = terminal.shown();
      expect(shown).not.toBe("");
      for (const sign of ["\u001B[2J", "\u001B]0", "\u0007", "\u009B", "\u202E"]) expect(shown).not.toContain(sign);
      // A line of its own could pass for one of the command's.
      expect(shown).not.toMatch(/^> Approved/mu);
    }
  });
});
