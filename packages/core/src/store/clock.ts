/** Where a store has its time from: deadlines and waits are measured and set by it. */
export interface Clock {
  /** Milliseconds since some moment, which never go back. */
  now(): number;
  /** Calls back once, after so many milliseconds. Returns what takes that back. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
