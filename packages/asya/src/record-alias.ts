import { CheckpointError } from "@holdpoint/core";
import type { OperationOptions } from "@holdpoint/core";

import type { LedgerContext } from "./ledger-context.ts";
import { maxRaces } from "./ledger-context.ts";
import type { AliasDocument, PauseDocument } from "./pause-document.ts";
import type { Located } from "./task-lookup.ts";

/**
 * Makes a second id lead to a task. One request if the id is new. An id under which another task is stored is left to
 * that task; this one can still be found by its other ids.
 */
export async function recordAlias(
  context: LedgerContext,
  alias: string,
  taskId: string,
  options: OperationOptions,
): Promise<void> {
  const pointer: AliasDocument = { state: "alias", taskId: alias, targets: [taskId], at: context.now().toISOString() };
  for (let race = 0; race < maxRaces; race += 1) {
    if ((await context.write(pointer, { ifAbsent: true }, options)) !== undefined) return;
    let found: Located<PauseDocument> | undefined;
    try {
      found = await context.lookup.load(alias, options);
    } catch (error) {
      if (CheckpointError.is(error, "corrupt")) return;
      throw error;
    }
    if (found === undefined) continue;
    const { document, version } = found;
    if (document.state !== "alias" || document.targets.includes(taskId)) return;
    const extended = { ...pointer, targets: [...document.targets, taskId] };
    if ((await context.write(extended, { ifVersion: version }, options)) !== undefined) return;
  }
  throw context.contended(alias, "record the id of");
}
