import { CheckpointError } from "@holdpoint/core";
import type { CheckpointStore, OperationOptions } from "@holdpoint/core";

import { cancelTask } from "./cancel-task.ts";
import { pruneSentAnswers } from "./gateway/sent-answers.ts";
import { LedgerContext } from "./ledger-context.ts";
import { LedgerError } from "./ledger-error.ts";
import type { PauseLedger } from "./pause-ledger.ts";
import { pauseTask } from "./pause-task.ts";
import { pruneTasks } from "./prune-tasks.ts";
import { resumeTask } from "./resume-task.ts";
import { inspectTask, listTasks } from "./view-task.ts";

/** Options of {@link createPauseLedger}. */
export interface PauseLedgerOptions {
  /**
   * How long the document of a task that was resumed or canceled is kept, in milliseconds; the store removes it then.
   * Needs the store's capability `ttl`. While it is kept, a repeated delivery of the task's messages is recognised.
   * @default until `prune` or a rule of the bucket removes it
   */
  readonly retentionMs?: number | undefined;
  /** The clock. @default the system's */
  readonly now?: (() => Date) | undefined;
}

/**
 * Makes a pause ledger on top of a store.
 *
 * @throws {CheckpointError} `unsupported` if `retentionMs` is given and the store has no TTL; `invalid-argument` if it
 * is not a whole number from 1
 * @example
 * ```ts
 * await using store = await openStore("file:///state");
 * const ledger = createPauseLedger(store);
 * ```
 */
export function createPauseLedger(store: CheckpointStore, options: PauseLedgerOptions = {}): PauseLedger {
  const { retentionMs, now = () => new Date() } = options;
  if (retentionMs !== undefined) assertRetention(store, retentionMs);
  const context = new LedgerContext(store, now, retentionMs);
  return {
    pause: (envelope, pauseOptions = {}) => pauseTask(context, envelope, pauseOptions),
    resume: (envelope, resumeOptions = {}) => resumeTask(context, envelope, resumeOptions),
    cancel: (taskId, cancelOptions = {}) => cancelTask(context, taskId, cancelOptions),
    inspect: (taskId, inspectOptions = {}) => inspectTask(context, taskId, inspectOptions),
    list: (listOptions = {}) => listTasks(context, listOptions),
    prune: async (pruneOptions) => {
      const result = await pruneTasks(context, pruneOptions);
      const { olderThanMs: _olderThanMs, dryRun = false, onProgress: _onProgress, ...rest } = pruneOptions;
      if (!dryRun) await pruneSentAnswers(store, async (taskId) => await isKept(context, taskId, rest), rest);
      return result;
    },
  };
}

/** What cannot be told from another task, or cannot be read, is not known to be gone. */
async function isKept(context: LedgerContext, taskId: string, options: OperationOptions): Promise<boolean> {
  try {
    return (await inspectTask(context, taskId, options)) !== null;
  } catch (error) {
    if (LedgerError.is(error) || CheckpointError.is(error, "corrupt")) return true;
    throw error;
  }
}

function assertRetention(store: CheckpointStore, retentionMs: number): void {
  if (!store.capabilities.ttl) {
    throw new CheckpointError(
      "unsupported",
      `${store.backend}: retentionMs needs a store that expires values by itself, and ${store.location} does not. Leave it out, and run prune or give the bucket a lifecycle rule.`,
      { backend: store.backend },
    );
  }
  if (Number.isSafeInteger(retentionMs) && retentionMs >= 1) return;
  throw new CheckpointError(
    "invalid-argument",
    `retentionMs is ${retentionMs}; expected a whole number of milliseconds from 1.`,
    { backend: store.backend },
  );
}
