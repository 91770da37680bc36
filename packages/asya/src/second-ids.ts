import { CheckpointError } from "@holdpoint/core";
import type { OperationOptions } from "@holdpoint/core";

import { isCalledBy } from "./kinship.ts";
import type { LedgerContext } from "./ledger-context.ts";
import { maxRaces } from "./ledger-context.ts";
import type { AliasDocument, PauseDocument, TaskDocument } from "./pause-document.ts";
import type { Located } from "./task-lookup.ts";

/**
 * Makes a second id lead to a task that waits, and keeps it from expiring. One request if the id is new. An id under
 * which another task is stored is left to that task; this one can still be found by its other ids.
 */
export async function recordSecondId(
  context: LedgerContext,
  secondId: string,
  taskId: string,
  options: OperationOptions,
): Promise<void> {
  const at = context.now().toISOString();
  const pointer: AliasDocument = { state: "alias", taskId: secondId, targets: [taskId], at };
  for (let race = 0; race < maxRaces; race += 1) {
    if ((await context.write(pointer, { ifAbsent: true }, options)) !== undefined) return;
    let found: Located<PauseDocument> | undefined;
    try {
      found = await context.lookup.load(secondId, options);
    } catch (error) {
      if (CheckpointError.is(error, "corrupt")) return;
      throw error;
    }
    if (found === undefined) continue;
    const { document, version } = found;
    if (document.state !== "alias") return;
    if (document.targets.includes(taskId) && document.expires === undefined) return;
    const targets = [...new Set([...document.targets, taskId])];
    if ((await context.write({ ...pointer, targets }, { ifVersion: version }, options)) !== undefined) return;
  }
  throw context.contended(secondId, "record the id of");
}

/**
 * Lets the second ids of a task that has ended expire with it, where the ledger has a retention. An id that leads to a
 * task that waits stays: the alias is read before the tasks, and written under its version, so that a pause that comes
 * meanwhile is either seen here or renews it afterwards.
 */
export async function expireSecondIds(
  context: LedgerContext,
  { aliases }: TaskDocument,
  options: OperationOptions,
): Promise<void> {
  if (context.retentionMs === undefined) return;
  for (const secondId of aliases) await expireSecondId(context, secondId, options);
}

async function expireSecondId(context: LedgerContext, secondId: string, options: OperationOptions): Promise<void> {
  for (let race = 0; race < maxRaces; race += 1) {
    const found = await context.lookup.loadReadable(secondId, options);
    if (found?.document.state !== "alias" || (await leadsToWaiting(context, found.document, options))) return;
    const expiring: AliasDocument = { ...found.document, expires: true };
    if ((await context.write(expiring, { ifVersion: found.version }, options)) !== undefined) return;
  }
  throw context.contended(secondId, "let go of the id of");
}

async function leadsToWaiting(
  context: LedgerContext,
  alias: AliasDocument,
  options: OperationOptions,
): Promise<boolean> {
  for (const target of alias.targets) {
    const document = (await loadUnlessCorrupt(context, target, options))?.document;
    // What cannot be read is not known to have ended.
    if (document === "corrupt") return true;
    if (document?.state === "paused" && isCalledBy(document, alias.taskId)) return true;
  }
  return false;
}

async function loadUnlessCorrupt(
  context: LedgerContext,
  taskId: string,
  options: OperationOptions,
): Promise<{ readonly document: PauseDocument | "corrupt" } | undefined> {
  try {
    return await context.lookup.load(taskId, options);
  } catch (error) {
    if (CheckpointError.is(error, "corrupt")) return { document: "corrupt" };
    throw error;
  }
}
