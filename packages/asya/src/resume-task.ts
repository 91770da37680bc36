import type { LoadOptions } from "@holdpoint/core/holds";

import type { ObjectEnvelope } from "./assert-envelope.ts";
import { assertEnvelope } from "./assert-envelope.ts";
import { resumeTaskHeader, trailHeader } from "./asya-headers.ts";
import { documentKey } from "./document-key.ts";
import { endDelivery } from "./end-delivery.ts";
import type { Envelope, OutgoingMessage } from "./envelope.ts";
import type { ResumeJudgement } from "./judge-resume.ts";
import { judgeResume } from "./judge-resume.ts";
import type { LedgerContext } from "./ledger-context.ts";
import { LedgerError } from "./ledger-error.ts";
import type { ResumeMark } from "./message-identity.ts";
import { resumeMark } from "./message-identity.ts";
import type { ResumedDocument, ResumeOutcome, TaskDocument } from "./pause-document.ts";
import type { ResumeOptions, ResumeResult } from "./pause-ledger.ts";
import { quoteId } from "./quote-id.ts";
import { restoreMessage } from "./restore-message.ts";
import { expireSecondIds } from "./second-ids.ts";
import type { TaskLeads } from "./task-ids.ts";
import { leadsOfMessage } from "./task-ids.ts";
import type { Located } from "./task-lookup.ts";
import { maxSearched } from "./task-lookup.ts";
import { createTrail } from "./trail.ts";
import { withRoom } from "./with-room.ts";

/** {@link PauseLedger.resume} */
export async function resumeTask(
  context: LedgerContext,
  received: Envelope,
  resumeOptions: ResumeOptions,
): Promise<ResumeResult> {
  const { mergeMode, validation, by, ifVersion, ...rest } = resumeOptions;
  const options = withRoom(rest);
  const envelope = assertEnvelope(received, "resume a task");
  const mark = resumeMark(envelope);
  const leads = leadsOfMessage(envelope);
  const { verdict, located } = await context.machine.change<ResumeVerdict, JudgedDocument>(
    {
      operation: "resume",
      id: leads.leads[0]?.id ?? envelope.id,
      find: (loadOptions) => locate(context, leads, mark, loadOptions),
      judge: async ({ document, version, judgement }) => {
        if (judgement.kind !== "claim") return { verdict: { document, judgement } };
        if (ifVersion !== undefined && version !== ifVersion) throw context.changed(document.taskId, "resume");
        const now = context.now();
        const aliasesExpire = context.machine.ttlMs !== undefined;
        const restoring = { mergeMode, validation, by, now, aliasesExpire };
        const claim = await restoreMessage(envelope, judgement.waiting, mark, restoring);
        return { verdict: { claim }, next: claim };
      },
    },
    options,
  );
  if ("claim" in verdict) {
    // Before the message goes on: its next pause renews them.
    await expireSecondIds(context, verdict.claim, options);
    return resumeResult("resumed", verdict.claim, located.version);
  }
  const { document, judgement } = verdict;
  switch (judgement.kind) {
    case "replay":
      await expireSecondIds(context, judgement.resumed, options);
      return resumeResult("replayed", judgement.resumed, located.version);
    case "absorb":
      return absorbed(envelope, document);
    case "repeated":
    case "already-resumed":
    case "canceled":
      throw refusal(document.taskId, mark, judgement);
  }
}

type ResumeVerdict =
  | { readonly claim: ResumedDocument & { readonly result: ResumeOutcome } }
  | {
      readonly document: TaskDocument;
      readonly judgement: Exclude<ResumeJudgement, { readonly kind: "claim" }>;
    };

/** Where a task is, and what the resume message is to it: which of several documents is meant depends on that. */
interface JudgedDocument extends Located {
  readonly judgement: ResumeJudgement;
}

async function locate(
  context: LedgerContext,
  leads: TaskLeads,
  mark: ResumeMark,
  options: LoadOptions,
): Promise<JudgedDocument> {
  const isMine = (document: TaskDocument): boolean => ["replay", "absorb"].includes(judgeResume(mark, document).kind);
  const found = await context.lookup.find(leads, options, isMine);
  if (found === undefined) throw notFound(context, leads);
  const judged = { ...found, judgement: judgeResume(mark, found.document) };
  if (!mayWaitElsewhere(judged.judgement)) return judged;
  const continuation = await context.lookup.findContinuation(found, options, isMine);
  if (continuation === undefined) return judged;
  return { ...continuation, judgement: judgeResume(mark, continuation.document) };
}

function mayWaitElsewhere(judgement: ResumeJudgement): boolean {
  return judgement.kind === "already-resumed" || (judgement.kind === "replay" && judgement.mayBeNew);
}

function resumeResult(
  outcome: "resumed" | "replayed",
  resumed: ResumedDocument & { readonly result: ResumeOutcome },
  version: string,
): ResumeResult {
  const { taskId, result } = resumed;
  const { next, headers, payload, status } = result.message;
  const message: OutgoingMessage = {
    next,
    headers: { ...headers, [trailHeader]: createTrail(resumed, version) },
    payload,
    ...(status === undefined ? {} : { status }),
  };
  return { outcome, key: documentKey(taskId), taskId, message, ignoredInput: result.ignoredInput };
}

function absorbed(envelope: ObjectEnvelope, document: TaskDocument): ResumeResult {
  const { taskId } = document;
  const message = endDelivery(envelope, document);
  return { outcome: "absorbed", key: documentKey(taskId), taskId, message, ignoredInput: [] };
}

function refusal(
  taskId: string,
  mark: ResumeMark,
  judgement: ResumeJudgement & { readonly kind: "repeated" | "already-resumed" | "canceled" },
): LedgerError {
  const task = quoteId(taskId);
  const answer = `the answer of ${quoteId(mark.id)} was not applied`;
  switch (judgement.kind) {
    case "canceled": {
      const { by, at, reason } = judgement.cancellation;
      return new LedgerError(
        "canceled",
        `task not paused: ${task} was canceled by ${JSON.stringify(by)} at ${at}${reason === null ? "" : ` (${reason})`}; ${answer}.`,
        taskId,
      );
    }
    case "repeated":
      return new LedgerError(
        "repeated-resume",
        `The task ${task} is paused again, and this message equals the one that resumed it before, at ${judgement.earlier.at}: ${answer}, because it may be that one delivered again. Send a new answer under a new message id, or with status.created_at in whole seconds.`,
        taskId,
      );
    case "already-resumed": {
      const { by, at } = judgement.resumption;
      return new LedgerError(
        "already-resumed",
        `task not paused: ${task} was already resumed by ${JSON.stringify(by)} at ${at}; ${answer}.`,
        taskId,
      );
    }
  }
}

function notFound(context: LedgerContext, { leads, isGuess }: TaskLeads): LedgerError {
  const unnamed = isGuess === true ? ` No header ${resumeTaskHeader} says which task is meant.` : "";
  const keys = leads.map(({ id }) => documentKey(id)).join(", ");
  return new LedgerError(
    "task-not-found",
    `task not paused: cannot find a checkpoint file at ${context.machine.store.location}; looked for ${keys}, and for the id as an A2A id among the first ${maxSearched} documents. Check that x-pause and x-resume use the same store, and that the task has paused and was not pruned.${unnamed}`,
    leads[0]?.id,
  );
}
