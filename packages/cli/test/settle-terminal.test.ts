import { spawnSync } from "node:child_process";

import { createHolds } from "@holdpoint/core/holds";
import { describe, expect, it } from "vitest";

import { openWorkplace } from "./run-cli.ts";
import { keys, runInTerminal } from "./terminal.ts";

// https://man7.org/linux/man-pages/man1/script.1.html
const hasScript = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux") ?? false;

describe.skipIf(!hasScript)("holdpoint settle at a terminal", () => {
  it("settles the attempt that it has shown, and none that has come since", async () => {
    await using workplace = await openWorkplace();
    const holds = createHolds(workplace.store);
    const fail = async (): Promise<void> => {
      const work = (): never => {
        throw new Error("timed out");
      };
      await expect(holds.act("refund-42", work)).rejects.toMatchObject({ code: "in-doubt" });
    };
    await holds.open("refund-42", { ask: { message: "Refund 5000?" } });
    await holds.answer("refund-42", { decision: "approve" });
    await fail();

    const late = runInTerminal(workplace, ["settle", "refund-42", "--not-applied"]);
    await late.waitFor("--attempt 1");
    await late.waitForPrompt("may be acted on again?");
    await holds.settle("refund-42", { applied: false });
    await fail();
    late.type(keys.yes);
    expect(await late.exitCode).toBe(4);
    expect(late.shown()).toContain("at attempt 2");
    expect(await holds.inspect("refund-42")).toMatchObject({ state: "in-doubt", claim: { attempt: 2 } });

    const settled = runInTerminal(workplace, ["settle", "refund-42", "--applied", "--by", "ops"]);
    await settled.waitForPrompt("It had its effect?");
    settled.type(keys.yes);
    expect(await settled.exitCode).toBe(0);
    expect(await holds.inspect("refund-42")).toMatchObject({ state: "done", endedBy: "ops" });
  });
});
