import { setTimeout as sleep } from "node:timers/promises";

import { createRandom } from "./create-random.ts";
import type { RequestFault } from "./fault.ts";
import type { FaultProxy } from "./fault-proxy.ts";

/** Some time with one kind of trouble. */
interface FaultPhase {
  readonly trouble: "none" | "cuts" | "lost answers" | "refuse" | "blackhole" | "half-open";
  readonly durationMs: number;
}

// The long ones outlast the operations of a history, the others do not.
const troubles: readonly (readonly [FaultPhase["trouble"], minMs: number, maxMs: number])[] = [
  ["cuts", 100, 250],
  ["lost answers", 100, 250],
  ["lost answers", 100, 250],
  ["refuse", 30, 100],
  ["refuse", 300, 400],
  ["blackhole", 300, 400],
  ["half-open", 30, 100],
  ["half-open", 300, 400],
];

/** Phases without end: trouble of every kind in turn, in another order each time round, and calm in between. */
function* planFaults(random: () => number): Generator<FaultPhase, never> {
  const between = (minMs: number, maxMs: number): number => Math.round(minMs + random() * (maxMs - minMs));
  for (;;) {
    const round = troubles.map((planned) => ({ planned, place: random() }));
    round.sort((left, right) => left.place - right.place);
    for (const {
      planned: [trouble, minMs, maxMs],
    } of round) {
      yield { trouble, durationMs: between(minMs, maxMs) };
      yield { trouble: "none", durationMs: between(60, 140) };
    }
  }
}

/** Options of {@link followFaultPlan}. */
interface FaultPlanOptions {
  readonly seed: number;
  /** The server's passing errors, which come among the cuts. */
  readonly errors: readonly RequestFault[];
}

/** Switches faults on and off at random until `work` settles; resolves to what it did, a line for each phase. */
export async function followFaultPlan(
  proxy: FaultProxy,
  work: Promise<unknown>,
  { seed, errors }: FaultPlanOptions,
): Promise<readonly string[]> {
  const ended = new AbortController();
  const end = (): void => ended.abort();
  work.then(end, end);
  const cuts: readonly RequestFault[] = [
    "cut-before-request",
    "cut-within-request",
    "cut-after-commit",
    "cut-within-answer",
    "delay",
    ...errors,
  ];
  // Two of them, so that the plan does not depend on how many requests there are.
  const plan = planFaults(createRandom(seed));
  const random = createRandom(seed + 1);
  const startedAt = performance.now();
  const followed: string[] = [];
  while (!ended.signal.aborted) {
    const { trouble, durationMs } = plan.next().value;
    followed.push(`${Math.round(performance.now() - startedAt)} ms: ${trouble} for ${durationMs} ms`);
    if (trouble === "cuts") {
      proxy.choose(() =>
        random() < 0.15 ? { fault: cuts[Math.floor(random() * cuts.length)] ?? "delay", delayMs: 20 } : undefined,
      );
    } else if (trouble === "lost answers") {
      proxy.choose((request) =>
        random() < (request === "write" ? 0.4 : 0.05) ? { fault: "cut-after-commit" } : undefined,
      );
    } else if (trouble !== "none") {
      proxy.always(trouble);
    }
    await sleep(durationMs, undefined, { signal: ended.signal }).catch(() => undefined);
    await proxy.clear();
  }
  return followed;
}
