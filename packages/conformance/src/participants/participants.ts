import type { RaceJobName, RaceJobParameters, RaceJobResult } from "./race-jobs.ts";

/** Several users of one namespace that work at the same time. */
export interface Participants {
  readonly count: number;
  /** Gives every participant the same job, each with its own parameters, and waits for all. */
  race<Name extends RaceJobName>(
    job: Name,
    parametersOf: (participant: number) => RaceJobParameters<Name>,
  ): Promise<RaceJobResult<Name>[]>;
  /** Closes their clients. */
  leave(): Promise<void>;
}
