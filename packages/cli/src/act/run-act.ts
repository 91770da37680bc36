import type { ActResult, Work } from "@holdpoint/core/holds";
import { createHolds, NotApplied } from "@holdpoint/core/holds";

import type { CommandContext } from "../frame/command-context.ts";
import { CommandError } from "../frame/command-error.ts";
import { describeTime } from "../frame/describe-time.ts";
import { escapeControls, toJsonLine } from "../frame/escape-controls.ts";
import { exitCodes } from "../frame/exit-code.ts";
import { describePerson } from "../frame/hold-person.ts";
import type { StoreChoice } from "../frame/open-command-store.ts";
import { openCommandStore } from "../frame/open-command-store.ts";
import type { CommandReceipt } from "./command-receipt.ts";
import { isCommandReceipt, replayReceipt } from "./command-receipt.ts";
import { runCommand } from "./run-command.ts";

/** Options of `holdpoint act`. */
export interface ActChoice extends StoreChoice {
  readonly stdin: "content" | "work";
  readonly whenInDoubt: "stop" | "again";
  readonly ifActing: "wait" | "refuse";
  readonly lease?: number | undefined;
  readonly keepOutput: number;
  readonly json?: true | undefined;
}

/** Runs a command once under a hold, or hands out the receipt of when it ran. */
export async function runAct(
  context: CommandContext,
  id: string,
  command: readonly string[],
  options: ActChoice,
): Promise<void> {
  const { whenInDoubt, ifActing, lease: leaseMs, keepOutput: keptBytes } = options;
  const quiet = options.json === true;
  await using store = await openCommandStore(context, options, "write");
  const ended = Promise.withResolvers<void>();
  const finishing: Promise<void>[] = [];
  const work = async (given: Work): Promise<CommandReceipt> => {
    // From here until the receipt is kept, a Ctrl-C is the command's, which may end well upon it.
    if (context.signal.aborted) throw new NotApplied("It was interrupted before the command was started.");
    finishing.push(context.finish(async () => await ended.promise));
    const input = toJsonLine(options.stdin === "work" ? wholeWork(given) : given.content);
    return await runCommand(context, command, {
      input,
      variables: variablesOf(given),
      keptBytes,
      quiet,
      signal: given.signal,
    });
  };
  let result: ActResult<unknown>;
  try {
    result = await createHolds(store).act<unknown>(id, work, {
      whenInDoubt,
      leaseMs,
      ifActing,
      signal: context.signal,
    });
  } catch (error) {
    if (!NotApplied.is(error)) throw error;
    throw new CommandError(exitCodes.failed, `${error.message} Nothing has run, and the hold can be acted on.`, {
      cause: error,
    });
  } finally {
    ended.resolve();
    await Promise.all(finishing);
  }
  await tell(context, result, quiet);
}

async function tell(context: CommandContext, result: ActResult<unknown>, json: boolean): Promise<void> {
  if (json) await context.output.write(toJsonLine(result));
  if (result.outcome !== "done") {
    context.exitCode = exitCodes.refused;
    if (!json) await context.messages.tell(`${notDone(result)}\n`);
    return;
  }
  const { id, ran, receipt, omitted } = result;
  if (isCommandReceipt(receipt) && receipt.exitCode !== 0) context.exitCode = exitCodes.commandFailed;
  if (json) return;
  const name = escapeControls(id);
  if (!ran) {
    await context.messages.tell(`${name} is done since before, and nothing has run.\n`);
    if (receipt !== undefined) await replayReceipt(context, receipt);
  }
  if (omitted !== undefined) await context.messages.tell(`The receipt of ${name} is not kept: ${omitted}.\n`);
  if (isCommandReceipt(receipt) && receipt.exitCode !== 0) {
    await context.messages.tell(`${name} is done: its command ended with exit code ${receipt.exitCode}.\n`);
  }
}

function notDone(result: Exclude<ActResult<unknown>, { outcome: "done" }>): string {
  const { id, outcome, by, at, reason = result.answer?.comment } = result;
  const who = by === undefined && result.answer === undefined ? "" : ` by ${describePerson(by ?? result.answer?.by)}`;
  const why = reason === undefined ? "" : `: ${escapeControls(reason)}`;
  return `Nothing has run, and nothing will: ${escapeControls(id)} is ${outcome}${who}, ${describeTime(at)}${why}`;
}

function variablesOf({ id, answer, idempotencyKey, attempt }: Work): Readonly<Record<string, string>> {
  return {
    HOLDPOINT_HOLD: id,
    HOLDPOINT_DECISION: answer.decision ?? "",
    HOLDPOINT_IDEMPOTENCY_KEY: idempotencyKey,
    HOLDPOINT_ATTEMPT: String(attempt),
  };
}

function wholeWork({ id, content, savedState, answer, idempotencyKey, attempt }: Work) {
  const saved = savedState instanceof Uint8Array ? { base64: Buffer.from(savedState).toString("base64") } : savedState;
  return { id, content, savedState: saved, answer, idempotencyKey, attempt };
}
