import type { Scenario } from "./simulated-world.ts";
import { SimulatedWorld } from "./simulated-world.ts";

/** What exploring a scenario saw. */
export interface Exploration {
  /** Different states. */
  readonly states: number;
  /** States from which nothing more can happen. */
  readonly ends: number;
  /** The most that happened one after the other. */
  readonly depth: number;
}

/** Checks of a scenario; what they throw is what is wrong. */
export interface Checks {
  /** Holds in every state. */
  readonly always: (world: SimulatedWorld) => void;
  /** Holds once nothing more can happen. */
  readonly atEnd: (world: SimulatedWorld) => Promise<void>;
}

/** Something that must not be, with the shortest history that leads to it. */
export class Violation extends Error {
  override readonly name = "Violation";
  readonly history: readonly string[];

  constructor(problem: string, history: readonly string[]) {
    super([problem, "", ...history.map((text, index) => `${index + 1}. ${text}`)].join("\n"));
    this.history = history;
  }
}

/**
 * Runs all interleavings of a scenario's requests, with every fault at every point, and checks every state; equal states
 * are looked at once. Beyond `maxSteps` of the scenario it looks no further.
 *
 * @throws {Violation} with the shortest history that breaks a check
 */
export async function explore(scenario: Scenario, checks: Checks): Promise<Exploration> {
  try {
    return await search(scenario, checks, scenario.maxSteps ?? Infinity);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    // Found deep down first, which is quicker; the shortest is one of at most as many steps.
    for (let steps = 1; steps < error.history.length; steps += 1) await search(scenario, checks, steps);
    throw error;
  }
}

async function search(scenario: Scenario, checks: Checks, maxSteps: number): Promise<Exploration> {
  /** By state: with how few steps it was reached. */
  const visited = new Map<string, number>();
  const seen = { states: 0, ends: 0, depth: 0 };
  const paths: number[][] = [[]];
  for (let path = paths.pop(); path !== undefined; path = paths.pop()) {
    const { world, history } = await replay(scenario, path);
    // On from here without a replay, as long as there is something new.
    for (;;) {
      const fingerprint = world.fingerprint();
      const before = visited.get(fingerprint);
      if (before !== undefined && (maxSteps === Infinity || before <= path.length)) break;
      visited.set(fingerprint, path.length);
      seen.states += before === undefined ? 1 : 0;
      seen.depth = Math.max(seen.depth, path.length);
      const choices = world.choices();
      try {
        if (world.failures.length > 0) throw new Error(world.failures.join("; "));
        checks.always(world);
        if (choices.length === 0) {
          seen.ends += before === undefined ? 1 : 0;
          await checks.atEnd(world);
        }
      } catch (error) {
        throw new Violation((error as Error).message, history);
      }
      const [first, ...others] = choices;
      if (first === undefined || path.length >= maxSteps) break;
      for (const index of others.keys()) paths.push([...path, index + 1]);
      path = [...path, 0];
      history.push(first.text);
      await world.happen(first);
    }
  }
  return seen;
}

async function replay(
  scenario: Scenario,
  path: readonly number[],
): Promise<{ readonly world: SimulatedWorld; readonly history: string[] }> {
  const world = new SimulatedWorld(scenario);
  await world.begin();
  const history: string[] = [];
  for (const index of path) {
    const choice = world.choices()[index];
    if (choice === undefined) throw new Error("the same choices did not lead to the same state");
    history.push(choice.text);
    await world.happen(choice);
  }
  return { world, history };
}
