import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { badHolds } from "../../test/bad-holds.ts";
import type { Exploration } from "../../test/explore.ts";
import { explore, Violation } from "../../test/explore.ts";
import { promises, scenarios } from "../../test/hold-scenarios.ts";

const { stackTraceLimit } = Error;

beforeAll(() => {
  // Refusals are made by the ten thousand here, and nobody reads where they come from.
  Error.stackTraceLimit = 0;
});

afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

describe("every interleaving, with a crash, a lost answer or a late write at each point", () => {
  const seen: Exploration[] = [];

  it.each(Object.entries(scenarios))("of %s", async (name, scenario) => {
    const exploration = await explore(scenario, promises(scenario));
    seen.push(exploration);
    const { states, ends, depth } = exploration;
    console.log(`${name}: ${states} states, ${ends} of them ends, up to ${depth} steps`);
    expect(states).toBeGreaterThan(100);
  });

  afterAll(() => {
    console.log(`all scenarios: ${seen.reduce((sum, { states }) => sum + states, 0)} states`);
  });
});

describe("known-bad holds are found out", () => {
  const raced = Object.entries(badHolds).filter(([, { scenario }]) => scenario !== undefined);
  it.each(raced)("%s", async (name, { scenario: shown = "", needsNoFault = false, createHolds }) => {
    const scenario = scenarios[shown];
    if (scenario === undefined) throw new Error(`there is no scenario ${shown}`);
    const limits = needsNoFault ? { faults: 0, maxSteps: undefined } : {};
    const found: unknown = await explore({ ...scenario, ...limits, createHolds }, promises(scenario)).catch(
      (error: unknown) => error,
    );
    expect(found).toBeInstanceOf(Violation);
    console.log(`${name}: ${(found as Violation).message}`);
  });
});
