import { randomUUID } from "node:crypto";

import { Annotation, START, StateGraph } from "@langchain/langgraph";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import type { CountingProxy } from "@holdpoint/test-servers";

/** A saver that is measured. */
export interface MeasuredSaver {
  readonly saver: BaseCheckpointSaver;
  /** What its requests pass. @default there is no connection to count on */
  readonly proxy?: CountingProxy | undefined;
}

/** What a step costs. */
export interface StepCost {
  readonly ms: number;
  readonly requests?: number | undefined;
  readonly bytes?: number | undefined;
}

const stepsOfRun = 20;
const runs = 15;
const message = "x".repeat(1000);

/**
 * What a step costs each saver that adds a message of 1 kB, with `durability: "sync"`: the median of runs of twenty. They
 * run by turns, so that whatever else the machine does is done to all of them.
 */
export async function measureSteps(savers: readonly MeasuredSaver[]): Promise<readonly StepCost[]> {
  const times = savers.map((): number[] => []);
  // The first round brings what later ones need, such as connections and statements.
  for (const { saver } of savers) await run(saver);
  for (const { proxy } of savers) proxy?.reset();
  for (let round = 0; round < runs; round += 1) {
    for (const [index, { saver }] of savers.entries()) {
      const start = performance.now();
      await run(saver);
      times[index]?.push((performance.now() - start) / stepsOfRun);
    }
  }
  const steps = runs * stepsOfRun;
  return savers.map(({ proxy }, index) => ({
    ms: times[index]?.toSorted((one, other) => one - other)[Math.floor(runs / 2)] ?? Number.NaN,
    requests: proxy === undefined ? undefined : proxy.count() / steps,
    bytes: proxy === undefined ? undefined : proxy.sentBytes() / steps,
  }));
}

async function run(saver: BaseCheckpointSaver): Promise<void> {
  const config = { configurable: { thread_id: randomUUID() }, durability: "sync", recursionLimit: 100 } as const;
  await steppingGraph(saver).invoke({ step: 0, messages: [] }, config);
}

// oxlint-disable-next-line typescript/explicit-module-boundary-types
function steppingGraph(checkpointer: BaseCheckpointSaver) {
  const State = Annotation.Root({
    step: Annotation<number>,
    messages: Annotation<string[]>({ reducer: (before, added) => [...before, ...added], default: () => [] }),
  });
  return new StateGraph(State)
    .addNode("work", ({ step }) => ({ step: step + 1, messages: [message] }))
    .addEdge(START, "work")
    .addConditionalEdges("work", ({ step }) => (step < stepsOfRun ? "work" : "__end__"))
    .compile({ checkpointer });
}
