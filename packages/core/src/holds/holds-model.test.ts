import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { badHolds } from "../../test/bad-holds.ts";
import { holdCommands } from "../../test/hold-commands.ts";
import type { Told } from "../../test/hold-commands.ts";
import { answer, open } from "../../test/hold-steps.ts";
import { HoldModel } from "../../test/hold-model.ts";
import { HoldWorld } from "../../test/hold-world.ts";
import type { CreateHolds } from "../../test/hold-world.ts";

/** What a history that tells something about holds must have been told now and then. */
const telling = [
  "act in an outage: began attempt n",
  "act in an outage: in-doubt",
  "act: acting",
  "act: done: pruned",
  "act: done: receipt n",
  "act: done: settled",
  "answer: already-voted",
  "answer: expired",
  "ask: different-hold",
  "end: NotApplied",
  "end: claim-lost",
  "end: in-doubt",
  "settle: settled before",
];

/** Random histories of one hold, each foretold word by word by the model. */
async function check(
  parameters: fc.Parameters,
  told: Told,
  createHolds?: CreateHolds,
): Promise<fc.RunDetails<unknown>> {
  const histories = fc.record({
    approvals: fc.constantFrom(1, 1, 2),
    expiry: fc.constantFrom("never" as const, "cancel" as const, "reject" as const, "approve" as const),
    begins: fc.constantFrom("not asked", "asked", "answered", "answered"),
    commands: fc.commands([...holdCommands(told)], { maxCommands: 60, size: "max" }),
  });
  const isForetold = fc.asyncProperty(histories, async ({ approvals, expiry, begins, commands }) => {
    const setup = async (): Promise<{ model: HoldModel; real: HoldWorld }> => {
      const model = new HoldModel(approvals, expiry);
      const real = await HoldWorld.create(approvals, expiry, createHolds);
      if (begins !== "not asked") await open([0, "Refund?"]).run(model, real);
      if (begins === "answered") for (const by of ["ada", "bob"]) await answer([0, by, "approve"]).run(model, real);
      return { model, real };
    };
    await fc.asyncModelRun(setup, commands);
  });
  return (await fc.check(isForetold, parameters as never)) as fc.RunDetails<unknown>;
}

it("every random history is as the model foretells it", async () => {
  const told: Told = new Map();
  const details = await check({ numRuns: 1_000 }, told);
  expect(details.failed ? fc.defaultReportMessage(details as never) : undefined).toBeUndefined();
  const steps = [...told.values()].reduce((sum, count) => sum + count, 0);
  console.log(`${details.numRuns} histories, ${steps} steps, ${told.size} kinds of outcome`);
  expect(telling.filter((kind) => !told.has(kind))).toEqual([]);
});

describe("known-bad holds are found out", () => {
  const modelled = Object.entries(badHolds).filter(([, { isModelled = true }]) => isModelled);
  it.each(modelled)("%s", async (name, { createHolds }) => {
    const details = await check({ numRuns: 2_000, seed: 1, endOnFailure: true }, new Map(), createHolds);
    console.log(`${name}: found in history ${details.numRuns}: ${String(details.errorInstance)}`);
    expect(details.failed).toBe(true);
  });
});
