import type { ActorMessage, ActorReply } from "@holdpoint/actors";
import type { CheckpointStore } from "@holdpoint/core";
import { createPauseLedger, LedgerError } from "@holdpoint/asya";
import { openStore } from "@holdpoint/core";

/** Reads paused tasks without claiming any, for actors that do it wrong. */
export interface PausedTasks {
  readonly store: CheckpointStore;
  /** @throws {LedgerError} `task-not-found` */
  restore(answer: ActorMessage): Promise<{ readonly key: string; readonly reply: ActorReply }>;
}

/** Opens the store that an actor is told to use. */
export async function openPausedTasks(): Promise<PausedTasks> {
  const store = await openStore(process.env["ASYA_CHECKPOINT_STORE"] ?? "");
  const ledger = createPauseLedger(store);
  return {
    store,
    restore: async ({ id, headers, payload }) => {
      const named = headers["x-asya-resume-task"];
      const taskId = typeof named === "string" ? named : id;
      const task = await ledger.inspect(taskId);
      if (task?.state !== "paused" || task.message === undefined) {
        throw new LedgerError("task-not-found", "The task does not wait.", taskId);
      }
      const { message, key } = task;
      const { next } = message.route as { readonly next: readonly string[] };
      const reply = {
        payload: { ...message.payload, ...(payload as object) },
        next: next.slice(1),
        headers: message.headers,
      };
      return { key, reply };
    },
  };
}
