import { CheckpointError } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { HoldMachine } from "@holdpoint/core/holds";

import { documentKey } from "./document-key.ts";
import { quoteId } from "./quote-id.ts";
import type { TaskMachine } from "./task-documents.ts";
import { taskDocuments } from "./task-documents.ts";
import { TaskLookup } from "./task-lookup.ts";

/** What every operation of a ledger works with. */
export class LedgerContext {
  readonly machine: TaskMachine;
  readonly lookup: TaskLookup;
  readonly now: () => Date;

  constructor(store: CheckpointStore, now: () => Date, retentionMs: number | undefined) {
    this.machine = new HoldMachine(store, taskDocuments(now), { now, ttlMs: retentionMs });
    this.lookup = new TaskLookup(this.machine);
    this.now = now;
  }

  /** The error for a document that is not the one that the caller has seen. */
  changed(taskId: string, operation: string): CheckpointError {
    const { backend, location } = this.machine.store;
    const key = documentKey(taskId);
    return new CheckpointError(
      "conflict",
      `${backend}: cannot ${operation} the task ${quoteId(taskId)}: its document ${JSON.stringify(key)} at ${location} has changed since it was looked at. Look at it again.`,
      { backend, operation, key, retryable: true, outcome: "not-applied" },
    );
  }
}
