import { documentKey } from "./document-key.ts";
import type { LedgerContext } from "./ledger-context.ts";
import { LedgerError } from "./ledger-error.ts";
import type { CanceledDocument, ResumedDocument } from "./pause-document.ts";
import type { CancelOptions } from "./pause-ledger.ts";
import { quoteId } from "./quote-id.ts";
import { expireSecondIds } from "./second-ids.ts";
import { leadsOfId } from "./task-ids.ts";
import type { Located } from "./task-lookup.ts";
import { findTask } from "./view-task.ts";
import { withRoom } from "./with-room.ts";

type Verdict = { readonly canceled: CanceledDocument; readonly isNew: boolean } | { readonly resumed: ResumedDocument };

/** {@link PauseLedger.cancel} */
export async function cancelTask(
  context: LedgerContext,
  taskId: string,
  cancelOptions: CancelOptions,
): Promise<boolean> {
  const { by = "unknown", reason = null, ifVersion, ...given } = cancelOptions;
  const options = withRoom(given);
  let mine: CanceledDocument["cancellation"] | undefined;
  const { verdict } = await context.machine.change<Verdict, Located>(
    {
      operation: "cancel",
      id: taskId,
      find: async (loadOptions) => {
        const found = await findTask(context, leadsOfId(taskId), loadOptions);
        if (found === undefined) throw notFound(context, taskId);
        return found;
      },
      judge: ({ document, version }) => {
        if (document.state === "canceled") {
          // This very call may have written it, and not been told.
          const { at, by: who } = document.cancellation;
          return { verdict: { canceled: document, isNew: mine?.at === at && mine.by === who } };
        }
        if (document.state === "resumed") return { verdict: { resumed: document } };
        if (ifVersion !== undefined && version !== ifVersion) throw context.changed(document.taskId, "cancel");
        const { message, metadata, state: _paused, ...rest } = document;
        mine = { at: context.now().toISOString(), by, reason };
        const kept = { message, metadata };
        const canceled: CanceledDocument = { ...rest, state: "canceled", cancellation: mine, kept };
        return { verdict: { canceled, isNew: true }, next: canceled };
      },
    },
    options,
  );
  if ("resumed" in verdict) {
    const { by: who, at } = verdict.resumed.resumption;
    throw new LedgerError(
      "already-resumed",
      `Cannot cancel the task ${quoteId(taskId)}: it was already resumed by ${JSON.stringify(who)} at ${at}.`,
      taskId,
    );
  }
  await expireSecondIds(context, verdict.canceled, options);
  return verdict.isNew;
}

function notFound({ machine }: LedgerContext, taskId: string): LedgerError {
  return new LedgerError(
    "task-not-found",
    `Cannot cancel the task ${quoteId(taskId)}: there is no ${documentKey(taskId)} at ${machine.store.location}.`,
    taskId,
  );
}
