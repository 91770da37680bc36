import { randomUUID } from "node:crypto";

import type { JsonObject, OperationOptions } from "@holdpoint/core";

import type { ObjectEnvelope } from "./assert-envelope.ts";
import { assertEnvelope } from "./assert-envelope.ts";
import {
  a2aTaskHeader,
  deadlineHeader,
  restoredHeaders,
  resumeTimeoutHeader,
  textHeader,
  trailHeader,
} from "./asya-headers.ts";
import { endDelivery } from "./end-delivery.ts";
import type { Envelope, OutgoingMessage } from "./envelope.ts";
import { judgeResume, mayBeNewAnswer } from "./judge-resume.ts";
import type { LedgerContext } from "./ledger-context.ts";
import { maxRaces } from "./ledger-context.ts";
import { LedgerError } from "./ledger-error.ts";
import { mergeInput } from "./merge-input.ts";
import type { ResumeMark } from "./message-identity.ts";
import { isSameResume, resumeMark } from "./message-identity.ts";
import type { PausedDocument, ResumedDocument, ResumeOutcome, TaskDocument } from "./pause-document.ts";
import { documentKey, foreignRun, restoredNext } from "./pause-document.ts";
import type { ResumeOptions, ResumeResult } from "./pause-ledger.ts";
import { candidateTaskIds, resumeIdOf } from "./task-ids.ts";
import type { Located } from "./task-lookup.ts";
import { createTrail } from "./trail.ts";
import { prepareInput } from "./prepare-input.ts";

/** {@link PauseLedger.resume} */
export async function resumeTask(
  context: LedgerContext,
  received: Envelope,
  resumeOptions: ResumeOptions,
): Promise<ResumeResult> {
  const { mergeMode, validation, by, ifVersion, ...options } = resumeOptions;
  const envelope = assertEnvelope(received, "resume a task");
  const mark = resumeMark(envelope);
  const taskIds = candidateTaskIds(envelope);
  for (let race = 0; race < maxRaces; race += 1) {
    const located = await locate(context, taskIds, mark, options);
    const { document, version } = located;
    const judgement = judgeResume(mark, document);
    if (judgement === "replay" && document.state === "resumed" && document.result !== null) {
      return resumeResult("replayed", document, document.result, version);
    }
    if (judgement === "absorb") return absorbed(envelope, document);
    if (judgement !== "claim" || document.state !== "paused") throw refusal(document, mark, judgement === "repeated");
    if (ifVersion !== undefined && version !== ifVersion) throw context.changed(document.taskId, "resume");

    const claim = claimDocument(context, envelope, document, mark, { mergeMode, validation, by });
    const claimed = await context.write(claim, { ifVersion: version }, options);
    if (claimed !== undefined) return resumeResult("resumed", claim, claim.result, claimed);
  }
  throw context.contended(taskIds[0] ?? envelope.id, "resume");
}

async function locate(
  context: LedgerContext,
  taskIds: readonly string[],
  mark: ResumeMark,
  options: OperationOptions,
): Promise<Located> {
  const isMine = (document: TaskDocument): boolean => ["replay", "absorb"].includes(judgeResume(mark, document));
  const located = await context.lookup.find(taskIds, options, isMine);
  if (located === undefined) throw notFound(context, taskIds);
  const judgement = judgeResume(mark, located.document);
  const mayWaitElsewhere = judgement === "refuse" || (judgement === "replay" && mayBeNewAnswer(mark, located.document));
  if (!mayWaitElsewhere) return located;
  return (await context.lookup.findContinuation(located, options, isMine)) ?? located;
}

function claimDocument(
  context: LedgerContext,
  envelope: ObjectEnvelope,
  document: PausedDocument,
  mark: ResumeMark,
  { mergeMode, validation, by }: Pick<ResumeOptions, "mergeMode" | "validation" | "by">,
): ResumedDocument & { readonly result: ResumeOutcome } {
  const { taskId, point, aliases, history, message, metadata } = document;
  const now = context.now();
  const budget = restoredBudget(envelope, message.headers, now);
  const input = prepareInput(envelope.payload, metadata, validation);
  const { payload, ignored } = mergeInput(message.payload, input, metadata, mergeMode);
  const headers = { ...restoredHeaders(envelope.headers ?? {}, budget.stored), ...budget.added };
  const reusableIds = [taskId, point.envelopeId, ...aliases, textHeader(message.headers, a2aTaskHeader)];
  const freshId = !reusableIds.some((id) => id !== undefined && (mark.id === id || mark.id === resumeIdOf(id)));
  return {
    state: "resumed",
    taskId,
    point: { ...point, run: point.run === foreignRun ? randomUUID() : point.run },
    aliases,
    history,
    resumption: { at: now.toISOString(), by: by ?? envelope.id, mark, freshId },
    parentId: message.parent_id,
    result: {
      input: envelope.payload,
      ignoredInput: ignored,
      message: {
        next: restoredNext(message.route),
        headers,
        payload,
        ...(budget.status === undefined ? {} : { status: budget.status }),
      },
      metadata,
    },
  };
}

/** The headers and the status with which a task's remaining time goes on. */
interface Budget {
  readonly stored: JsonObject;
  readonly added: JsonObject;
  readonly status?: JsonObject | undefined;
}

function restoredBudget(envelope: Envelope, stored: JsonObject, now: Date): Budget {
  const timeout = envelope.headers?.[resumeTimeoutHeader];
  const { [deadlineHeader]: _deadline, ...timeless } = stored;
  if (timeout === undefined || timeout === null || timeout === "") {
    // A deadline that passed while the task waited for a person is no reason to fail it now.
    const passed = Date.parse(textHeader(stored, deadlineHeader) ?? "") <= now.getTime();
    return { stored: passed ? timeless : stored, added: {} };
  }
  const seconds = Number(JSON.stringify(timeout).replaceAll('"', ""));
  const deadlineMs = now.getTime() + seconds * 1_000;
  if (!(seconds > 0) || deadlineMs > maxDateMs) {
    throw new LedgerError(
      "invalid-message",
      `The header ${resumeTimeoutHeader} of the resume message ${JSON.stringify(envelope.id)} is ${JSON.stringify(timeout)}; expected the seconds that are left, more than 0. The task stays paused.`,
      envelope.id,
    );
  }
  // Microseconds, as the mesh writes them.
  const deadlineAt = new Date(deadlineMs).toISOString().replace("Z", "000Z");
  return {
    stored: timeless,
    added: { [deadlineHeader]: deadlineAt },
    status: { ...envelope.status, deadline_at: deadlineAt },
  };
}

// https://tc39.es/ecma262/#sec-time-values-and-time-range
const maxDateMs = 8.64e15;

function resumeResult(
  outcome: "resumed" | "replayed",
  document: ResumedDocument,
  result: ResumeOutcome,
  version: string,
): ResumeResult {
  const { message, ignoredInput } = result;
  const { next, headers, payload, status } = message;
  const restored: OutgoingMessage = {
    next,
    headers: { ...headers, [trailHeader]: createTrail(document, version) },
    payload,
    ...(status === undefined ? {} : { status }),
  };
  return { outcome, key: documentKey(document.taskId), taskId: document.taskId, message: restored, ignoredInput };
}

function absorbed(envelope: ObjectEnvelope, document: TaskDocument): ResumeResult {
  const { taskId } = document;
  const message = endDelivery(envelope, document);
  return { outcome: "absorbed", key: documentKey(taskId), taskId, message, ignoredInput: [] };
}

function refusal(document: TaskDocument, mark: ResumeMark, repeated: boolean): LedgerError {
  const task = JSON.stringify(document.taskId);
  const answer = `the answer of ${JSON.stringify(mark.id)} was not applied`;
  if (document.state === "canceled") {
    const { by, at, reason } = document.cancellation;
    return new LedgerError(
      "canceled",
      `task not paused: ${task} was canceled by ${JSON.stringify(by)} at ${at}${reason === null ? "" : ` (${reason})`}; ${answer}.`,
      document.taskId,
    );
  }
  const earlier = document.history.findLast(
    ({ resumption }) => resumption !== undefined && isSameResume(resumption.mark, mark),
  )?.resumption;
  if (repeated) {
    return new LedgerError(
      "repeated-resume",
      `The task ${task} is paused again, and this message equals the one that resumed it before, at ${earlier?.at}: ${answer}, because it may be that one delivered again. Send a new answer under a new message id, or with status.created_at in whole seconds.`,
      document.taskId,
    );
  }
  const ended = document.state === "resumed" ? document.resumption : earlier;
  return new LedgerError(
    "already-resumed",
    `task not paused: ${task} was already resumed by ${JSON.stringify(ended?.by)} at ${ended?.at}; ${answer}.`,
    document.taskId,
  );
}

function notFound(context: LedgerContext, taskIds: readonly string[]): LedgerError {
  const keys = taskIds.map(documentKey).join(", ");
  return new LedgerError(
    "task-not-found",
    `task not paused: cannot find a checkpoint file at ${context.store.location}; looked for ${keys}. Check that x-pause and x-resume use the same store, and that the task has paused and was not pruned.`,
    taskIds[0],
  );
}
