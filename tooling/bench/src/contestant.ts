/** One thing that is worked on, such as a key; what one operation learns about it, the next may need. */
export interface BenchItem {
  readonly key: string;
  version: string;
}

/** One way to do the operations of a comparison. */
export interface Contestant<Operation extends string> {
  readonly name: string;
  readonly operations: Readonly<Partial<Record<Operation, (item: BenchItem) => Promise<unknown>>>>;
  /** Processor time so far of another process that it works through, in milliseconds. @default none */
  readonly otherCpuMs?: (() => number) | undefined;
  /** Takes an item away again, outside of the measured time. */
  readonly forget?: ((item: BenchItem) => Promise<unknown>) | undefined;
}

/** The contestant that every other one is set against. */
export const limitName = "bare";

/** Ours. */
export const holdpointName = "holdpoint";
