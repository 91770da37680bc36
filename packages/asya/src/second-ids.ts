import { CheckpointError } from "@holdpoint/core";
import type { ChangeOptions } from "@holdpoint/core/holds";

import { isCalledBy } from "./kinship.ts";
import type { LedgerContext } from "./ledger-context.ts";
import type { AliasDocument, PauseDocument, TaskDocument } from "./pause-document.ts";

/**
 * Makes a second id lead to a task that waits, and keeps it from expiring. One request if the id is new. An id under
 * which another task is stored is left to that task; this one can still be found by its other ids.
 */
export async function recordSecondId(
  context: LedgerContext,
  secondId: string,
  taskId: string,
  options: ChangeOptions,
): Promise<void> {
  const at = context.now().toISOString();
  const pointer: AliasDocument = { state: "alias", taskId: secondId, targets: [taskId], at };
  const recorded = { verdict: undefined, next: pointer };
  const recording = context.machine.change<void>(
    {
      operation: "record the id of",
      id: secondId,
      find: (loadOptions) => context.machine.load(secondId, loadOptions),
      judge: (found) => {
        if (found === undefined) return recorded;
        const { document } = found;
        const isDone = document.state !== "alias" || (document.targets.includes(taskId) && document.expires !== true);
        if (isDone) return { verdict: undefined };
        return { verdict: undefined, next: { ...pointer, targets: [...new Set([...document.targets, taskId])] } };
      },
      first: [{ ...recorded, ifVersion: undefined }],
    },
    options,
  );
  await recording.catch((error: unknown) => {
    // What cannot be read is left to whoever repairs it.
    if (!CheckpointError.is(error, "corrupt")) throw error;
  });
}

/**
 * Lets the second ids of a task that has ended expire with it, where the ledger has a retention. An id that leads to a
 * task that waits stays: the alias is read before the tasks, and written under its version, so that a pause that comes
 * meanwhile is either seen here or renews it afterwards.
 */
export async function expireSecondIds(
  context: LedgerContext,
  { aliases }: TaskDocument,
  options: ChangeOptions,
): Promise<void> {
  if (context.machine.ttlMs === undefined) return;
  for (const secondId of aliases) await expireSecondId(context, secondId, options);
}

async function expireSecondId(context: LedgerContext, secondId: string, options: ChangeOptions): Promise<void> {
  await context.machine.change<void>(
    {
      operation: "let go of the id of",
      id: secondId,
      find: (loadOptions) => context.lookup.loadReadable(secondId, loadOptions),
      judge: async (found) => {
        const document = found?.document;
        if (document?.state !== "alias" || (await leadsToWaiting(context, document, options))) {
          return { verdict: undefined };
        }
        return { verdict: undefined, next: { ...document, expires: true } };
      },
    },
    options,
  );
}

async function leadsToWaiting(context: LedgerContext, alias: AliasDocument, options: ChangeOptions): Promise<boolean> {
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
  options: ChangeOptions,
): Promise<{ readonly document: PauseDocument | "corrupt" } | undefined> {
  try {
    return await context.machine.load(taskId, options);
  } catch (error) {
    if (CheckpointError.is(error, "corrupt")) return { document: "corrupt" };
    throw error;
  }
}
