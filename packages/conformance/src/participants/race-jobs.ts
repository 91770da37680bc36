import { CheckpointError } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { isError } from "@holdpoint/core/driver";

import { bodyOf } from "../expect/body-of.ts";
import type { RecordedOperation } from "../linearizability/history.ts";
import { actAtRandom } from "./act-at-random.ts";
import type { ActAtRandomParameters } from "./act-at-random.ts";

/** How a write of a race ended. */
export type AttemptResult =
  | { readonly end: "applied"; readonly version: string }
  | { readonly end: "removed" | "nothing there" | "conflict" }
  | { readonly end: "failed"; readonly problem: string };

/** What participants can be told to do. Parameters and results cross process boundaries. */
export const raceJobs = {
  /** Opens connections, so that the race does not measure who connects first. */
  async warmUp(store: CheckpointStore, parameters: { readonly key: string }): Promise<null> {
    await store.get(parameters.key);
    return null;
  },

  async put(
    store: CheckpointStore,
    parameters: { readonly key: string; readonly body: string; readonly ifAbsent?: true; readonly ifVersion?: string },
  ): Promise<AttemptResult> {
    const { key, body, ...condition } = parameters;
    return await attempt(async () => ({ end: "applied", ...(await store.put(key, bodyOf(body), condition)) }));
  },

  /** Without a body, deletes. */
  async putOrDelete(
    store: CheckpointStore,
    parameters: { readonly key: string; readonly body?: string; readonly ifVersion?: string },
  ): Promise<AttemptResult> {
    const { key, body, ...condition } = parameters;
    if (body !== undefined) return await raceJobs.put(store, { key, body, ...condition });
    return await attempt(async () => ({ end: (await store.delete(key, condition)) ? "removed" : "nothing there" }));
  },

  /** Adds one to a number, `times` times. Every conflict must be somebody else's success, of which there are so many. */
  async countUp(
    store: CheckpointStore,
    parameters: { readonly key: string; readonly times: number; readonly atMostConflicts: number },
  ): Promise<{ readonly versions: readonly string[] }> {
    const versions: string[] = [];
    let conflicts = 0;
    while (versions.length < parameters.times) {
      const current = await store.get(parameters.key);
      if (current === null) throw new Error("the counter is gone");
      const next = bodyOf(String(Number(Buffer.from(current.body).toString()) + 1));
      try {
        versions.push((await store.put(parameters.key, next, { ifVersion: current.version })).version);
      } catch (error) {
        if (!CheckpointError.is(error, "conflict")) throw error;
        conflicts += 1;
        if (conflicts > parameters.atMostConflicts) {
          throw new Error(`${conflicts} conflicts, although others cannot have written that often`, { cause: error });
        }
      }
    }
    return { versions };
  },

  actAtRandom,

  /** Several participants in one process. */
  async actTogether(
    store: CheckpointStore,
    parameters: { readonly participants: readonly ActAtRandomParameters[] },
  ): Promise<readonly RecordedOperation[]> {
    const recorded = await Promise.all(parameters.participants.map((participant) => actAtRandom(store, participant)));
    return recorded.flat();
  },
};

/** The jobs by name. */
type RaceJobs = typeof raceJobs;
/** The name of a job. */
export type RaceJobName = keyof RaceJobs;
/** What a job is given. */
export type RaceJobParameters<Name extends RaceJobName> = Parameters<RaceJobs[Name]>[1];
/** What a job reports. */
export type RaceJobResult<Name extends RaceJobName> = Awaited<ReturnType<RaceJobs[Name]>>;

async function attempt(write: () => Promise<AttemptResult>): Promise<AttemptResult> {
  try {
    return await write();
  } catch (error) {
    if (CheckpointError.is(error, "conflict")) return { end: "conflict" };
    return { end: "failed", problem: isError(error) ? `${error.name}: ${error.message}` : String(error) };
  }
}
