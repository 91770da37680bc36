import { randomUUID } from "node:crypto";

import type { JsonObject } from "@holdpoint/core";
import { exactNumber, isJsonNumber } from "@holdpoint/core/json";

import type { ObjectEnvelope } from "./assert-envelope.ts";
import {
  a2aTaskHeader,
  deadlineHeader,
  restoredHeaders,
  resumeTimeoutHeader,
  textHeader,
  withoutDeadline,
} from "./asya-headers.ts";
import type { Envelope } from "./envelope.ts";
import { LedgerError } from "./ledger-error.ts";
import type { MergeMode } from "./merge-input.ts";
import { mergeInput } from "./merge-input.ts";
import type { ResumeMark } from "./message-identity.ts";
import type { PausedDocument, ResumedDocument, ResumeOutcome } from "./pause-document.ts";
import { foreignRun } from "./pause-point.ts";
import type { InputValidation } from "./prepare-input.ts";
import { prepareInput } from "./prepare-input.ts";
import { quoteId } from "./quote-id.ts";
import { restoredNext } from "./stored-route.ts";
import { resumeIdOf } from "./task-ids.ts";

/** How a person's answer is worked into a message, and what is noted of it. */
export interface RestoreOptions {
  readonly mergeMode: MergeMode | undefined;
  readonly validation: InputValidation | undefined;
  readonly by: string | undefined;
  readonly now: Date;
  /** Whether the task's second ids expire with its document. */
  readonly aliasesExpire: boolean;
}

/**
 * What a waiting document becomes by an answer. Nothing outside of the arguments counts, except for the run of a
 * document that another x-pause wrote.
 *
 * @throws {LedgerError} `invalid-input`, and `invalid-message` if the seconds left are none
 */
export async function restoreMessage(
  envelope: ObjectEnvelope,
  waiting: PausedDocument,
  mark: ResumeMark,
  { mergeMode, validation = "off", by, now, aliasesExpire }: RestoreOptions,
): Promise<ResumedDocument & { readonly result: ResumeOutcome }> {
  const { taskId, displacedFrom, point, aliases, history, message, metadata } = waiting;
  const budget = restoredBudget(envelope, message.headers, now);
  // Mostly there is nothing to wait for.
  const input = validation === "off" ? envelope.payload : await prepareInput(envelope.payload, metadata, validation);
  const { payload, ignored } = mergeInput(message.payload, input, metadata, mergeMode);
  const headers = { ...restoredHeaders(envelope.headers ?? {}, budget.stored), ...budget.added };
  return {
    state: "resumed",
    taskId,
    displacedFrom,
    point: { ...point, run: point.run === foreignRun ? randomUUID() : point.run },
    aliases,
    history,
    resumption: { at: now.toISOString(), by: by ?? envelope.id, mark, freshId: isFreshId(mark.id, waiting) },
    parentId: message.parent_id,
    aliasesExpire: aliasesExpire && aliases.length > 0 ? true : undefined,
    result: {
      input: envelope.payload,
      ignoredInput: ignored,
      message: { next: restoredNext(message.route), headers, payload, status: budget.status },
      metadata,
    },
  };
}

function isFreshId(resumeId: string, { taskId, point, aliases, message }: PausedDocument): boolean {
  const reusableIds = [taskId, point.envelopeId, ...aliases, textHeader(message.headers, a2aTaskHeader)];
  return !reusableIds.some((id) => id !== undefined && (resumeId === id || resumeId === resumeIdOf(id)));
}

/** The headers and the status with which a task's remaining time goes on. */
interface Budget {
  readonly stored: JsonObject;
  readonly added: JsonObject;
  readonly status?: JsonObject | undefined;
}

function restoredBudget(envelope: Envelope, stored: JsonObject, now: Date): Budget {
  const timeout = envelope.headers?.[resumeTimeoutHeader];
  if (timeout === undefined || timeout === null || timeout === "") {
    // A deadline that passed while the task waited for a person is no reason to fail it now.
    const deadline = textHeader(stored, deadlineHeader);
    const passed = deadline !== undefined && Date.parse(deadline) <= now.getTime();
    return { stored: passed ? withoutDeadline(stored) : stored, added: {} };
  }
  const deadlineMs = now.getTime() + secondsOf(timeout) * 1_000;
  if (!(deadlineMs > now.getTime()) || deadlineMs > maxDateMs) {
    throw new LedgerError(
      "invalid-message",
      `The header ${resumeTimeoutHeader} of the resume message ${quoteId(envelope.id)} is ${JSON.stringify(timeout)}; expected the seconds that are left, more than 0. The task stays paused.`,
      envelope.id,
    );
  }
  // Microseconds, as the mesh writes them.
  const deadlineAt = new Date(deadlineMs).toISOString().replace("Z", "000Z");
  return {
    stored: withoutDeadline(stored),
    added: { [deadlineHeader]: deadlineAt },
    status: { ...envelope.status, deadline_at: deadlineAt },
  };
}

function secondsOf(timeout: unknown): number {
  if (typeof timeout === "string") return Number(timeout);
  return isJsonNumber(timeout) ? Number(exactNumber(timeout)) : Number.NaN;
}

// https://tc39.es/ecma262/#sec-time-values-and-time-range
const maxDateMs = 8.64e15;
