/** What has happened in a run of holds so far. */
export interface HoldCounts {
  /** Holds whose programs and people have come to their ends. */
  ended: number;
  /** Of these, the ones that have been judged. */
  holds: number;
  /** Orders handed to a worker, each attempt counted. */
  orders: number;
  /** Programs that were run again after one had come to its end. */
  programsAfterwards: number;
  /** Answers and votes, and those given once more by the same person. */
  answers: number;
  repeatedAnswers: number;
  /** Answers and votes that counted. */
  counted: number;
  /** Payments that were made. */
  payments: number;
  /** Of these, the ones under a key that had been paid before. */
  repeatedPayments: number;
  /** Attempts beyond a hold's first. */
  moreAttempts: number;
  /** Errors that said that a hold is in doubt. */
  doubts: number;
  /** What a person said happened. */
  settledApplied: number;
  settledNotApplied: number;
  /** Work that ran to its end after somebody had decided about it. */
  claimsLost: number;
  /** `kill -9`. */
  kills: number;
  /** Of these, the ones at the instant before a payment or after it. */
  killsWithinAct: number;
  /** Orders that a kill took the worker away from. */
  killedInHand: number;
  /** SIGSTOP for longer than a lease. */
  stops: number;
  serverRestarts: number;
  /** Processes that could not be started, because of a fault on their way to the store, and were started again. */
  failedStarts: number;
  /** Processes that ended by themselves. */
  crashes: number;
  /** Orders that ended with an error and were repeated, by what it was. */
  readonly errors: Map<string, number>;
  /** Answers that were refused for good, by why. */
  readonly refusals: Map<string, number>;
  /** Operations that said that their outcome is unknown. */
  unknown: number;
  /** Holds by their end. */
  readonly ends: Map<string, number>;
  /** Holds that never came to their end, or lost something that somebody was told counts. */
  lost: number;
  /** Effects beyond the first under `stop`, effects of what was not approved, and questions, answers or receipts that there are two of. */
  doubled: number;
  /** Effects of one hold under another key than its first. */
  otherKeys: number;
}

/** Counts from 0. */
export function createHoldCounts(): HoldCounts {
  return {
    ended: 0,
    holds: 0,
    orders: 0,
    programsAfterwards: 0,
    answers: 0,
    repeatedAnswers: 0,
    counted: 0,
    payments: 0,
    repeatedPayments: 0,
    moreAttempts: 0,
    doubts: 0,
    settledApplied: 0,
    settledNotApplied: 0,
    claimsLost: 0,
    kills: 0,
    killsWithinAct: 0,
    killedInHand: 0,
    stops: 0,
    serverRestarts: 0,
    failedStarts: 0,
    crashes: 0,
    errors: new Map(),
    refusals: new Map(),
    unknown: 0,
    ends: new Map(),
    lost: 0,
    doubled: 0,
    otherKeys: 0,
  };
}
