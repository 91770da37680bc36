import type { OperationOptions } from "../store/checkpoint-store.ts";
import type { HoldDetails, HoldSummary, ListHoldsOptions } from "./holds.ts";
import { scanHolds } from "./machine/scan-holds.ts";
import type { ProgramMachine } from "./program-machine.ts";
import { detailsOf, summaryOf } from "./view-hold.ts";

/** {@link Holds.inspect} */
export async function inspectHold(
  machine: ProgramMachine,
  id: string,
  options: OperationOptions,
): Promise<HoldDetails | null> {
  const located = await machine.load(id, options);
  return (located === undefined ? undefined : detailsOf(located, machine.environment)) ?? null;
}

/** {@link Holds.list} */
export async function* listHolds(machine: ProgramMachine, listOptions: ListHoldsOptions): AsyncIterable<HoldSummary> {
  const { state, olderThanMs, labels = {}, ...options } = listOptions;
  // By a clock that is behind, what another has just stamped has no age yet, and is there all the same.
  const before = olderThanMs === undefined ? Infinity : machine.environment.now().getTime() - olderThanMs;
  const wanted = Object.entries(labels);
  const summaries = scanHolds(machine, options, ({ id, key, located, problem }) =>
    located === undefined ? corruptSummary(id, key, problem.message) : summaryOf(located.document, machine.environment),
  );
  for await (const summary of summaries) {
    if (state !== undefined && summary.state !== state) continue;
    // What cannot be read has no age and no labels that could rule it out.
    const isOldEnough = summary.since === undefined || summary.since.getTime() <= before;
    const isLabelled = wanted.every(([name, value]) => summary.labels[name] === value);
    if (summary.state === "corrupt" ? wanted.length === 0 : isOldEnough && isLabelled) yield summary;
  }
}

function corruptSummary(id: string, key: string, problem: string): HoldSummary {
  const nothing = {
    message: undefined,
    openedAt: undefined,
    openedBy: undefined,
    openedVia: undefined,
    since: undefined,
  };
  return {
    id,
    key,
    state: "corrupt",
    ...nothing,
    expiresAt: undefined,
    isDue: false,
    labels: {},
    answers: [],
    pruned: false,
    problem,
  };
}
