import type { CANCEL_SYMBOL } from "@clack/prompts";
import { confirm, isCancel } from "@clack/prompts";

import type { CommandContext } from "./command-context.ts";
import { CommandError } from "./command-error.ts";
import { exitCodes } from "./exit-code.ts";

/** Where questions are shown: beside the data, so that standard output may be a pipe. */
export function promptStreams({ messages, signal }: CommandContext) {
  return { input: process.stdin, output: messages.stream, signal };
}

/**
 * The answer to a question.
 *
 * @throws {CommandError} if it was ended with Ctrl-C
 */
export function answerOf<Answer>(answer: Answer | typeof CANCEL_SYMBOL): Answer {
  if (isCancel(answer)) throw new CommandError(exitCodes.interrupted, "Nothing was changed.");
  return answer;
}

/**
 * Returns if a person agrees.
 *
 * @throws {CommandError} if not
 */
export async function confirmToGoOn(context: CommandContext, message: string): Promise<void> {
  const agreed = answerOf(await confirm({ ...promptStreams(context), message, initialValue: false }));
  if (!agreed) throw new CommandError(exitCodes.interrupted, "Nothing was changed.");
}
