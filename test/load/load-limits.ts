import type { LoadReport } from "../../tooling/load/src/run-load.ts";

/** What a store may hold, however many tasks there are. */
export interface LoadLimits {
  /** Connections at any one time. */
  readonly connections: number;
  /** Connections over the whole run. @default `connections`: one that was opened is used again */
  readonly opened?: number | undefined;
  /** Open files that are no connections. */
  readonly files: number;
}

/**
 * Compares a small run and a large one with what is allowed; says what each step did that it may not. Nothing here is
 * a time, since a busy machine takes any.
 */
export function brokenLimits(small: LoadReport, large: LoadReport, limits: LoadLimits): readonly string[] {
  // Whoever waits in order is passed by those that were before it, at each of two requests, and by some that are worked
  // on at once with it. Where the latest comer is first, nearly all others pass.
  const passedLimit = 4 * large.inFlight;
  // A quarter of what the additional tasks take, if each is held once and as bytes.
  const memoryLimit = ((large.documents - small.documents) * large.payloadBytes) / 4;
  const opened = [large.before, ...large.steps.map(({ peaks }) => peaks)].reduce((sum, peaks) => sum + peaks.opened, 0);
  return [
    ...large.problems,
    ...large.steps.flatMap(({ name, succeeded, mostPassed, peaks, leftBytes }, index) => {
      const ofSmall = small.steps[index];
      const left = leftBytes - (ofSmall?.leftBytes ?? 0);
      const held = peaks.liveBytes - (ofSmall?.peaks.liveBytes ?? 0);
      // What pauses and resumes hold depends on the moment, and on how many are in flight.
      const isSequence = name === "list" || name === "prune";
      const files = (peaks.descriptors ?? 0) - peaks.connections - (large.before.descriptors ?? 0);
      return [
        ...unless(succeeded === large.documents, `${name}: done to ${succeeded} of ${large.documents} tasks`),
        ...unless(mostPassed <= passedLimit, `${name}: a task was passed by ${mostPassed} others`),
        ...unless(left <= memoryLimit, `${name}: left ${left} bytes more for more tasks`),
        ...unless(!isSequence || held <= memoryLimit, `${name}: held ${held} bytes more for more tasks`),
        ...unless(peaks.connections <= limits.connections, `${name}: held ${peaks.connections} connections`),
        ...unless(files <= limits.files, `${name}: held ${files} files`),
      ];
    }),
    ...unless(opened <= (limits.opened ?? limits.connections), `opened ${opened} connections`),
  ];
}

function unless(kept: boolean, broken: string): readonly string[] {
  return kept ? [] : [broken];
}
