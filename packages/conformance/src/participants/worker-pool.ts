import type { ConformanceWorkerModule } from "../conformance-harness.ts";
import type { WaitingReport } from "../expect/waiting-list.ts";
import type { Participants } from "./participants.ts";
import type { RaceJobName, RaceJobResult } from "./race-jobs.ts";
import type { WorkerRequest } from "./worker-messages.ts";
import { WorkerProcess } from "./worker-process.ts";
import { sharedClock } from "./shared-clock.ts";

/** Processes that race case after case; started for the first one, since starting takes longer than most races. */
export class WorkerPool {
  readonly #module: ConformanceWorkerModule;
  readonly #size: number;
  #workers: readonly WorkerProcess[] = [];

  constructor(module: ConformanceWorkerModule, size: number) {
    this.#module = module;
    this.#size = size;
  }

  async join(namespace: string): Promise<Participants> {
    if (this.#workers.length === 0) {
      this.#workers = Array.from({ length: this.#size }, () => new WorkerProcess(this.#module));
    }
    await this.#askAll(() => ({ kind: "join", namespace }));
    return {
      count: this.#size,
      race: async <Name extends RaceJobName>(job: Name, parametersOf: (participant: number) => unknown) => {
        const startAt = sharedClock.now() + 5_000_000n;
        const results = await this.#askAll((participant) => ({
          kind: "race",
          job,
          parameters: parametersOf(participant),
          startAt,
        }));
        return results as RaceJobResult<Name>[];
      },
      leave: async () => {
        await this.#askAll(() => ({ kind: "leave" }));
      },
    };
  }

  /** What each process is waiting for, by a name of it. */
  async reports(): Promise<readonly (readonly [name: string, report: WaitingReport])[]> {
    return await Promise.all(
      this.#workers.map(async (worker, participant) => [`process ${participant}`, await worker.report()] as const),
    );
  }

  async stop(): Promise<void> {
    const workers = this.#workers;
    this.#workers = [];
    await Promise.all(workers.map((worker) => worker.kill()));
  }

  async #askAll(requestOf: (participant: number) => WorkerRequest): Promise<unknown[]> {
    try {
      return await Promise.all(this.#workers.map((worker, participant) => worker.ask(requestOf(participant))));
    } catch (error) {
      // One that failed may have left others in the middle of something.
      await this.stop();
      throw error;
    }
  }
}
