import type { JsonObject } from "@holdpoint/core";

import { LedgerError } from "./ledger-error.ts";
import type { MergeMode } from "./merge-input.ts";
import { mergeInput } from "./merge-input.ts";
import type { TaskDetails } from "./pause-ledger.ts";
import type { InputValidation } from "./prepare-input.ts";
import { prepareInput } from "./prepare-input.ts";
import { quoteId } from "./quote-id.ts";

/** Options of {@link checkAnswer}. */
export interface CheckAnswerOptions {
  /** @default "strict" */
  readonly validation?: InputValidation | undefined;
  /** How x-resume merges. @default "shallow" */
  readonly mergeMode?: MergeMode | undefined;
}

/**
 * The answer as it is to be sent to whoever resumes the task, once it is known to fit: with defaults applied, and texts
 * read as their fields declare where that is asked for. Changes nothing.
 *
 * @example
 * ```ts
 * const input = await checkAnswer(task, { approved: "true" }, { validation: "coerce" });
 * await courier.answer(gatewayTaskOf(task), input);
 * ```
 * @throws {LedgerError} `already-resumed` or `canceled` if the task does not wait; `invalid-input` with every violation
 */
export async function checkAnswer(
  task: TaskDetails,
  input: JsonObject,
  options: CheckAnswerOptions = {},
): Promise<JsonObject> {
  const { validation = "strict", mergeMode } = options;
  const { taskId, state, message, metadata } = task;
  if (state !== "paused" || message === undefined || metadata === undefined) {
    const code = state === "canceled" ? "canceled" : "already-resumed";
    const when = task.endedAt === undefined ? "" : ` at ${task.endedAt.toISOString()}`;
    throw new LedgerError(
      code,
      `task not paused: ${quoteId(taskId)} was ${state} by ${JSON.stringify(task.endedBy)}${when}; the answer was not sent.`,
      taskId,
    );
  }
  const prepared = await prepareInput(input, metadata, validation);
  mergeInput(message.payload, prepared, metadata, mergeMode);
  return prepared;
}
