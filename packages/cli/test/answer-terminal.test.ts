import { spawnSync } from "node:child_process";

import { createHolds } from "@holdpoint/core/holds";
import { describe, expect, it } from "vitest";

import { openWorkplace } from "./run-cli.ts";
import { keys, runInTerminal } from "./terminal.ts";

// https://man7.org/linux/man-pages/man1/script.1.html
const hasScript = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux") ?? false;

describe.skipIf(!hasScript)("holdpoint answer at a terminal", () => {
  it("shows the question, asks for what is missing, and takes a no", async () => {
    await using workplace = await openWorkplace();
    const holds = createHolds(workplace.store);
    const decisions = ["approve", { name: "respond", label: "Say\u001B[2J something" }];
    await holds.open("refund-42", { ask: { message: "Refund 5000?", decisions }, content: { amount: 5000 } });

    const declined = runInTerminal(workplace, ["answer", "refund-42"]);
    await declined.waitFor("Refund 5000?");
    await declined.waitForPrompt("Your answer?");
    expect(declined.shown()).toContain(String.raw`Say\u001b[2J something`);
    declined.type(keys.enter);
    await declined.waitForPrompt("Give this answer?");
    declined.type("n");
    expect(await declined.exitCode).toBe(130);
    expect(await holds.inspect("refund-42")).toMatchObject({ state: "waiting" });

    const answered = runInTerminal(workplace, ["answer", "refund-42", "respond", "--by", "ada"]);
    await answered.waitForPrompt("What do you say?");
    answered.type(`not now${keys.enter}`);
    await answered.waitForPrompt("Give this answer?");
    answered.type(keys.yes);
    expect(await answered.exitCode).toBe(0);
    expect(await holds.inspect("refund-42")).toMatchObject({
      state: "rejected",
      answer: { decision: "respond", comment: "not now", by: "ada" },
    });
  });
});
