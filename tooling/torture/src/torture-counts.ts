/** What has happened in a run so far. */
export interface TortureCounts {
  /** Tasks of which nothing is in the queue any more, for now. */
  ended: number;
  /** Of these, the ones that have been judged: their messages of the past were delivered once more. */
  tasks: number;
  /** Pause points that these tasks have passed. */
  pausePoints: number;
  /** Messages handed to an actor, each attempt counted. */
  deliveries: number;
  /** Messages handed over again although they had been acknowledged. */
  redeliveries: number;
  /** Of these, the ones after the task had ended. */
  lateRedeliveries: number;
  /** Answers beyond the first at a pause point. */
  secondClicks: number;
  /** `kill -9`. */
  kills: number;
  /** Deliveries that a kill took the actor away from. */
  killedInHand: number;
  /** Restarts of the store's server. */
  serverRestarts: number;
  /** Processes that could not be started, because of a fault on their way to the store, and were started again. */
  failedStarts: number;
  /** Processes that ended by themselves. */
  crashes: number;
  /** Deliveries that ended with an error and were repeated, by the error's type. */
  readonly errors: Map<string, number>;
  /** Answers that were refused for good, by the error's type. */
  readonly refusals: Map<string, number>;
  /** Operations that said that their outcome is unknown. */
  unknown: number;
  /** Questions that a person was asked once more after the task had gone on. */
  askedAgain: number;
  /** Tasks that never came to their end. */
  lost: number;
  /** Pause points that let two different messages go on, or were left by an answer that another was left by. */
  doubled: number;
}

/** Counts from 0. */
export function createCounts(): TortureCounts {
  return {
    ended: 0,
    tasks: 0,
    pausePoints: 0,
    deliveries: 0,
    redeliveries: 0,
    lateRedeliveries: 0,
    secondClicks: 0,
    kills: 0,
    killedInHand: 0,
    serverRestarts: 0,
    failedStarts: 0,
    crashes: 0,
    errors: new Map(),
    refusals: new Map(),
    unknown: 0,
    askedAgain: 0,
    lost: 0,
    doubled: 0,
  };
}

/** Adds one to the count of a name. */
export function countOne(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
