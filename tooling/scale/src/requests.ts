/** How often a store is asked for each task. `test/counts` asserts it on the wire. */
export interface RequestsPerTask {
  readonly reads: number;
  /** Writes under a condition. */
  readonly writes: number;
  readonly deletes: number;
  /** How often all keys are listed, a thousand to a page. */
  readonly listings: number;
}

/** What is done to many tasks. A copy asks two stores. */
export type BulkOperation = "pause" | "resume" | "list" | "prune" | "copyFrom" | "copyTo";

export const keysPerPage = 1_000;

const nothing: RequestsPerTask = { reads: 0, writes: 0, deletes: 0, listings: 0 };

/** @param deletesUnderCondition whether what has ended can be removed; if not, it is emptied */
export function requestsPerTask(operation: BulkOperation, deletesUnderCondition = true): RequestsPerTask {
  switch (operation) {
    case "pause":
      return { ...nothing, writes: 1 };
    case "resume":
      return { ...nothing, reads: 1, writes: 1 };
    case "list":
      return { ...nothing, reads: 1, listings: 1 };
    case "prune":
      return { ...nothing, reads: 1, listings: 1, ...(deletesUnderCondition ? { deletes: 1 } : { writes: 1 }) };
    case "copyFrom":
      // Before the write, after it, and when all is compared in the end.
      return { ...nothing, reads: 3, listings: 2 };
    case "copyTo":
      return { ...nothing, reads: 1, writes: 1, listings: 1 };
  }
}
