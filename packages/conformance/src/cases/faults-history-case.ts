import type { CheckpointStore } from "@holdpoint/core";

import type { ConformanceCase } from "../conformance-case.ts";
import { fail } from "../expect/fail.ts";
import { followFaultPlan } from "../faults/follow-fault-plan.ts";
import { errorFaults, withFaults } from "../faults/with-faults.ts";
import type { RecordedOperation } from "../linearizability/history.ts";
import { problemOfHistory } from "../linearizability/problem-of-history.ts";
import { openLocalParticipants } from "../participants/local-participants.ts";
import { WorkerPool } from "../participants/worker-pool.ts";
import { sharedClock } from "../participants/shared-clock.ts";

const processes = 3;
const participantsPerProcess = 3;
const operations = 120;
// So that some outages outlast an operation, and its outcome stays unknown.
const timeoutMs = 250;
// Where a client takes its time to connect again, the history is shorter instead.
const atMostMs = 5_000;
const thinkMs = 20;
const keys = ["history/a", "history/b", "history/c"];

/** The group's case about histories. */
export const faultsHistoryCase: ConformanceCase = {
  id: "faults/linearizable-history",
  breaks: "While connections break, a write takes effect twice, late, or not at all, and its answer says otherwise.",
  needsHarness: "faults",
  run: (context) =>
    withFaults(context, {}, async ({ proxy, direct, open }) => {
      const { harness, namespace, settings } = context;
      const { seed } = settings;
      const worker = harness.faults?.worker?.(proxy.address);
      const pool = worker === undefined ? undefined : new WorkerPool(worker, processes);
      try {
        const participants = await (pool?.join(namespace) ?? openLocalParticipants(processes, open));
        const work = participants.race("actTogether", (process) => ({
          participants: Array.from({ length: participantsPerProcess }, (_, index) => ({
            keys,
            participant: `p${process}.${index}`,
            operations,
            seed: seed + process * participantsPerProcess + index,
            conditionalDelete: direct.capabilities.conditionalDelete,
            timeoutMs,
            thinkMs,
            atMostMs,
          })),
        }));
        const followed = await followFaultPlan(proxy, work, {
          seed,
          errors: errorFaults(harness),
        });
        const recorded = [...(await work).flat(), ...(await readAtTheEnd(direct))];
        const { uniqueVersions } = direct.capabilities;
        const problem = problemOfHistory(recorded, { underFaults: true, uniqueVersions });
        if (problem === undefined) return;
        const plan = [
          `The seed is ${seed}. The faults from the start on:`,
          ...followed,
          JSON.stringify(proxy.injected),
        ];
        throw fail([problem, plan.join("\n  ")].join("\n"));
      } finally {
        await pool?.stop();
      }
    }),
};

/** What is stored when all is over, and no fault stands between. */
async function readAtTheEnd(direct: CheckpointStore): Promise<readonly RecordedOperation[]> {
  return await Promise.all(
    keys.map(async (key) => {
      const startedAt = sharedClock.now();
      const found = await direct.get(key);
      const value = found === null ? null : { value: Buffer.from(found.body).toString(), version: found.version };
      const endedAt = sharedClock.atLatest();
      return { key, participant: "end", startedAt, endedAt, action: { kind: "get", found: value } };
    }),
  );
}
