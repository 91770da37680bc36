import { spawnSync } from "node:child_process";

import { createHolds } from "@holdpoint/core/holds";
import type { Holds } from "@holdpoint/core/holds";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Workplace } from "./run-cli.ts";
import { openWorkplace } from "./run-cli.ts";
import type { Terminal } from "./terminal.ts";
import { keys, runInTerminal } from "./terminal.ts";

// https://man7.org/linux/man-pages/man1/script.1.html
const hasScript = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux") ?? false;

let workplace: Workplace;
let holds: Holds;

beforeEach(async () => {
  workplace = await openWorkplace();
  holds = createHolds(workplace.store);
  await holds.open("refund-42", { ask: { message: "Refund?" } });
});
afterEach(async () => await workplace[Symbol.asyncDispose]());

async function startWaiting(): Promise<Terminal> {
  const terminal = runInTerminal(workplace, ["wait", "refund-42"]);
  await terminal.waitFor("refund-42 waits for an answer");
  return terminal;
}

describe.skipIf(!hasScript)("holdpoint wait at a terminal", () => {
  it("shows that it waits, and then what became of it", async () => {
    const waiting = await startWaiting();
    await holds.answer("refund-42", { decision: "approve" }, { by: "ada" });
    await waiting.waitFor('refund-42 is answered: {"decision":"approve"} by "ada"');
    expect(await waiting.exitCode).toBe(0);
  });

  it("ends with Ctrl-C, and nothing is changed", async () => {
    const before = await holds.inspect("refund-42");
    const waiting = await startWaiting();
    waiting.type(keys.ctrlC);
    expect(await waiting.exitCode).toBe(130);
    expect(await holds.inspect("refund-42")).toEqual(before);
  });

  it("ends once the hold is gone", async () => {
    const waiting = await startWaiting();
    await workplace.store.delete("holds/refund-42.json");
    expect(await waiting.exitCode).toBe(3);
    // If it goes before the first look after that line, the look finds nothing.
    expect(waiting.shown()).toMatch(/refund-42 is gone|hold "refund-42"/u);
  });
});
