import type { CheckpointStore } from "@holdpoint/core";

import type { Participants } from "./participants.ts";
import { raceJobs } from "./race-jobs.ts";
import type { RaceJobName, RaceJobParameters, RaceJobResult } from "./race-jobs.ts";

/** Participants that are clients in this process, for stores that no other process can open. */
export async function openLocalParticipants(
  count: number,
  open: () => Promise<CheckpointStore>,
): Promise<Participants> {
  const stores = await Promise.all(Array.from({ length: count }, open));
  return {
    count,
    race: (job, parametersOf) =>
      Promise.all(stores.map((store, participant) => runJob(store, job, parametersOf(participant)))),
    leave: async () => {
      await Promise.all(stores.map((store) => store.close()));
    },
  };
}

/** Runs a job by its name. */
export async function runJob<Name extends RaceJobName>(
  store: CheckpointStore,
  job: Name,
  parameters: RaceJobParameters<Name>,
): Promise<RaceJobResult<Name>> {
  const run = raceJobs[job] as (
    store: CheckpointStore,
    parameters: RaceJobParameters<Name>,
  ) => Promise<RaceJobResult<Name>>;
  return await run(store, parameters);
}
