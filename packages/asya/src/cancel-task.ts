import { documentKey } from "./document-key.ts";
import type { LedgerContext } from "./ledger-context.ts";
import { maxRaces } from "./ledger-context.ts";
import { LedgerError } from "./ledger-error.ts";
import type { CanceledDocument } from "./pause-document.ts";
import type { CancelOptions } from "./pause-ledger.ts";
import { quoteId } from "./quote-id.ts";
import { expireSecondIds } from "./second-ids.ts";
import { leadsOfId } from "./task-ids.ts";
import { findTask } from "./view-task.ts";

/** {@link PauseLedger.cancel} */
export async function cancelTask(
  context: LedgerContext,
  taskId: string,
  cancelOptions: CancelOptions,
): Promise<boolean> {
  const { by = "unknown", reason = null, ifVersion, ...options } = cancelOptions;
  for (let race = 0; race < maxRaces; race += 1) {
    const found = await findTask(context, leadsOfId(taskId), options);
    if (found === undefined) {
      throw new LedgerError(
        "task-not-found",
        `Cannot cancel the task ${quoteId(taskId)}: there is no ${documentKey(taskId)} at ${context.store.location}.`,
        taskId,
      );
    }
    const { document, version } = found;
    if (document.state !== "paused" && !(await context.lookup.confirm(found, options))) continue;
    if (document.state === "canceled") {
      await expireSecondIds(context, document, options);
      return false;
    }
    if (document.state === "resumed") {
      const { by: who, at } = document.resumption;
      throw new LedgerError(
        "already-resumed",
        `Cannot cancel the task ${quoteId(taskId)}: it was already resumed by ${JSON.stringify(who)} at ${at}.`,
        taskId,
      );
    }
    if (ifVersion !== undefined && version !== ifVersion) throw context.changed(document.taskId, "cancel");
    const { message, metadata, state: _paused, ...rest } = document;
    const canceled: CanceledDocument = {
      ...rest,
      state: "canceled",
      cancellation: { at: context.now().toISOString(), by, reason },
      kept: { message, metadata },
    };
    if ((await context.write(canceled, { ifVersion: version }, options)) === undefined) continue;
    await expireSecondIds(context, canceled, options);
    return true;
  }
  throw context.contended(taskId, "cancel");
}
