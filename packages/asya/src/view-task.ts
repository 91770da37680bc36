import type { LoadOptions } from "@holdpoint/core/holds";
import { scanHolds } from "@holdpoint/core/holds";

import { findSentAnswers } from "./gateway/sent-answers.ts";
import type { LedgerContext } from "./ledger-context.ts";
import { documentKey } from "./document-key.ts";
import type { PausedDocument, TaskDocument } from "./pause-document.ts";
import { expiryOf } from "./pause-expiry.ts";
import { restoredNext } from "./stored-route.ts";
import type { ListTasksOptions, TaskDetails, TaskOptions, TaskSummary } from "./pause-ledger.ts";
import type { TaskLeads } from "./task-ids.ts";
import { leadsOfShownId } from "./task-ids.ts";
import type { Located } from "./task-lookup.ts";
import { withRoom } from "./with-room.ts";

/** {@link PauseLedger.inspect} */
export async function inspectTask(
  context: LedgerContext,
  taskId: string,
  options: TaskOptions,
): Promise<TaskDetails | null> {
  const found = await findTask(context, leadsOfShownId(taskId), withRoom(options));
  return found === undefined ? null : { ...detailsOf(context, found.document), version: found.version };
}

/** The task that its ids lead to, also where it has gone on and paused again under another id. */
export async function findTask(
  context: LedgerContext,
  leads: TaskLeads,
  options: LoadOptions,
): Promise<Located | undefined> {
  const found = await context.lookup.find(leads, options);
  if (found?.document.state !== "resumed") return found;
  return (await context.lookup.findContinuation(found, options)) ?? found;
}

/** {@link PauseLedger.list} */
export async function* listTasks(context: LedgerContext, listOptions: ListTasksOptions): AsyncIterable<TaskSummary> {
  const { state, seen, sentAnswers = false, ...options } = listOptions;
  // Whether they are void is for other documents to say, which change by themselves.
  const displaced: string[] = [];
  const summaries = scanHolds(context.machine, { ...options, seen }, async ({ id, key, located, problem }) => {
    if (located === undefined) return corruptSummary(id, key, problem.message);
    const { document } = located;
    if (document.state === "alias") return undefined;
    if (document.displacedFrom !== undefined) {
      displaced.push(id);
      if (await context.lookup.isVoid(document, options)) return undefined;
    }
    const summary = summaryOf(context, document);
    if (!sentAnswers || document.state !== "resumed" || document.result === null) return summary;
    // Noted before the task was resumed, so it is there by now.
    const point = { ...summary, input: document.result.input };
    return { ...summary, sentAnswers: await findSentAnswers(context.machine.store, point, options) };
  });
  try {
    for await (const summary of summaries) if (state === undefined || summary.state === state) yield summary;
  } finally {
    for (const id of displaced) seen?.forget(id);
  }
}

function corruptSummary(taskId: string, key: string, problem: string): TaskSummary {
  return { key, taskId, state: "corrupt", sequence: 0, pausedAt: undefined, prompt: undefined, problem };
}

function summaryOf(context: LedgerContext, document: TaskDocument): TaskSummary {
  const { taskId, displacedFrom, state, point } = document;
  const base = {
    key: documentKey(taskId),
    taskId,
    ...(displacedFrom === undefined ? {} : { displacedFrom }),
    state,
    sequence: point.sequence,
    pausedAt: dateOf(point.pausedAt),
  };
  switch (document.state) {
    case "paused":
      return {
        ...base,
        prompt: document.metadata.prompt,
        next: restoredNext(document.message.route),
        ...expiryIn(context, document),
      };
    case "resumed": {
      const { result, resumption } = document;
      const went = result === null ? {} : { next: result.message.next };
      const ended = { endedAt: new Date(resumption.at), endedBy: resumption.by };
      return { ...base, prompt: result?.metadata.prompt, ...went, ...ended };
    }
    case "canceled": {
      const { at, by } = document.cancellation;
      return { ...base, prompt: document.kept?.metadata.prompt, endedAt: new Date(at), endedBy: by };
    }
  }
}

function expiryIn(
  { machine, now }: LedgerContext,
  { metadata, point }: PausedDocument,
): Pick<TaskSummary, "expiresAt" | "isDue"> {
  const expiry = expiryOf(metadata, point.pausedAt);
  if (expiry === undefined) return {};
  const isDue = now().getTime() >= expiry.at.getTime() + machine.environment.expiryMarginMs;
  return { expiresAt: expiry.at, isDue };
}

function detailsOf(context: LedgerContext, document: TaskDocument): Omit<TaskDetails, "version"> {
  const history = document.history.map(({ sequence, pausedAt, resumption }) => ({
    sequence,
    pausedAt: dateOf(pausedAt),
    resumedAt: dateOf(resumption?.at ?? null),
    resumedBy: resumption?.by,
  }));
  const base = { ...summaryOf(context, document), envelopeId: document.point.envelopeId, history };
  switch (document.state) {
    case "paused": {
      const onExpiry = expiryOf(document.metadata, document.point.pausedAt)?.onExpiry;
      return {
        ...base,
        metadata: document.metadata,
        message: document.message,
        ...(onExpiry === undefined ? {} : { onExpiry }),
      };
    }
    case "resumed": {
      const { result } = document;
      if (result === null) return { ...base, metadata: undefined, message: undefined };
      const { next, headers, payload } = result.message;
      return {
        ...base,
        metadata: result.metadata,
        message: { route: { next }, headers, payload },
        input: result.input,
      };
    }
    case "canceled": {
      const { kept, cancellation } = document;
      return { ...base, metadata: kept?.metadata, message: kept?.message, reason: cancellation.reason ?? undefined };
    }
  }
}

function dateOf(text: string | null): Date | undefined {
  return text === null ? undefined : new Date(text);
}
