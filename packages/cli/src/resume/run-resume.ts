import { log } from "@clack/prompts";
import type {
  CheckAnswerOptions,
  InputValidation,
  MergeMode,
  PauseLedger,
  ResumeResult,
  TaskDetails,
} from "@holdpoint/asya";
import type { GatewayCourier } from "@holdpoint/asya/gateway";
import type { CheckpointStore, JsonObject } from "@holdpoint/core";
import { createPauseLedger, LedgerError } from "@holdpoint/asya";
import { findSentAnswers } from "@holdpoint/asya/gateway";
import { CheckpointError } from "@holdpoint/core";

import { confirmToGoOn } from "../frame/ask.ts";
import type { CommandContext } from "../frame/command-context.ts";
import { CommandError } from "../frame/command-error.ts";
import { describeTime } from "../frame/describe-time.ts";
import { escapeControls, toJsonLine } from "../frame/escape-controls.ts";
import { exitCodes } from "../frame/exit-code.ts";
import { describePerson } from "../frame/hold-person.ts";
import { openCourier } from "../frame/open-courier.ts";
import type { StoreChoice } from "../frame/open-command-store.ts";
import { openCommandStore } from "../frame/open-command-store.ts";
import { requireTask } from "../frame/require-task.ts";
import { whoAmI } from "../frame/who-am-i.ts";
import { describeTask } from "../show/describe-task.ts";
import { answerId, answerMessage, restoredEnvelope } from "./answer-message.ts";
import { answerVia } from "./answer-via.ts";
import { askInput } from "./ask-input.ts";
import type { InputChoice } from "./given-input.ts";
import { readFields, readInputFile } from "./given-input.ts";
import { handOver } from "./hand-over.ts";

/** Options of `holdpoint resume`. */
export interface ResumeChoice extends StoreChoice, InputChoice {
  readonly by?: string | undefined;
  readonly pausePoint?: number | undefined;
  readonly merge?: MergeMode | undefined;
  /** `false` is what `--no-validation` makes of it. */
  readonly validation?: InputValidation | boolean | undefined;
  readonly via?: string | undefined;
  readonly messageId?: string | undefined;
  readonly yes?: true | undefined;
  readonly json?: true | undefined;
}

/** Answers a paused task and hands its message to standard output or to a command, or its answer to a gateway. */
export async function runResume(
  context: CommandContext,
  id: string,
  command: readonly string[],
  options: ResumeChoice,
): Promise<void> {
  const { signal } = context;
  const mergeMode = options.merge ?? configuredMergeMode(context);
  const validation = chosenValidation(context, options);
  const by = options.by ?? whoAmI();
  // Before anybody is asked anything: an address that cannot be used would waste the answers.
  const courier = options.via === undefined ? undefined : await viaCourier(context, options.via, command, options);
  const fromFile = await readInputFile(context, options);
  await using store = await openCommandStore(context, options, "write");
  const ledger = createPauseLedger(store);
  const task = await requireTask(ledger, store, id, signal);
  assertPausePoint(task, options.pausePoint);
  const given = { ...fromFile, ...readFields(options, task.metadata) };
  const check = { validation, mergeMode };
  const input = await completeInput(context, task, given, { by, store, check }, options);
  if (courier !== undefined) {
    const json = options.json === true;
    const answer = { courier, ledger, store, task, input, by, validation, mergeMode, json };
    await withFirstAnswer(ledger, store, async () => await answerVia(context, answer));
    return;
  }
  const messageId = options.messageId ?? answerId(task, by);
  const envelope = answerMessage(task, messageId, input);
  // From here on a Ctrl-C waits: a claimed task whose message went nowhere would be something half done.
  await context.finish(async () => {
    const claimOptions = { by, mergeMode, validation, ifVersion: task.version };
    const result = await withFirstAnswer(ledger, store, async () => await claim(ledger, envelope, claimOptions));
    await tell(context, task, result);
    await handOver(context, toJsonLine(restoredEnvelope(result, messageId)), command);
  });
}

/** The rules of the actors: what is set to nothing is not set. */
function configuredMergeMode({ environment }: CommandContext): MergeMode {
  const text = environment["ASYA_RESUME_MERGE_MODE"]?.trim() ?? "";
  if (text === "" || text === "shallow" || text === "deep") return text === "deep" ? "deep" : "shallow";
  throw new CommandError(
    exitCodes.usage,
    `ASYA_RESUME_MERGE_MODE: found ${JSON.stringify(text)}, expected shallow or deep.`,
  );
}

/** An operator who checks nothing at x-resume still wants to know what is wrong with what was typed. */
function chosenValidation({ environment }: CommandContext, { validation }: ResumeChoice): InputValidation {
  if (validation === false) return "off";
  if (typeof validation === "string") return validation;
  return environment["ASYA_RESUME_VALIDATION"]?.trim() === "coerce" ? "coerce" : "strict";
}

async function viaCourier(
  context: CommandContext,
  address: string,
  command: readonly string[],
  { messageId }: ResumeChoice,
): Promise<GatewayCourier> {
  const useless = command.length > 0 ? "a command" : messageId === undefined ? undefined : "--message-id";
  if (useless !== undefined) {
    throw new CommandError(
      exitCodes.usage,
      `With --via there is no use for ${useless}: the message is the gateway's. Nothing was sent.`,
    );
  }
  return await openCourier(context, address);
}

function assertPausePoint({ taskId, sequence }: TaskDetails, expected: number | undefined): void {
  if (expected === undefined || expected === sequence) return;
  throw new CommandError(
    exitCodes.refused,
    `The task ${JSON.stringify(taskId)} is at pause point ${sequence}, not ${expected}; nothing was changed.`,
  );
}

/** What is given, and where somebody can be asked, what is missing. */
async function completeInput(
  context: CommandContext,
  task: TaskDetails,
  given: JsonObject,
  { by, store, check }: { readonly by: string; readonly store: CheckpointStore; readonly check: CheckAnswerOptions },
  options: ResumeChoice,
): Promise<JsonObject> {
  if (!context.interactive || options.yes === true || options.input === "-") return given;
  const { messages } = context;
  if (task.state === "resumed" && task.endedBy === by && task.input !== undefined && Object.keys(given).length === 0) {
    await confirmToGoOn(
      context,
      `You resumed this task ${describeTime(task.endedAt)}. Hand over the same message again?`,
    );
    return task.input;
  }
  // The ledger says why not.
  if (task.state !== "paused") return given;
  const sentAnswers = await findSentAnswers(store, task, { signal: context.signal });
  await messages.write(`${describeTask(task, sentAnswers, store.location, messages)}\n`);
  const input = await askInput(context, task, given, check);
  log.message(escapeControls(JSON.stringify(input)), { output: messages.stream });
  await confirmToGoOn(context, "Resume the task with this answer?");
  return input;
}

async function claim(
  ledger: PauseLedger,
  envelope: Parameters<PauseLedger["resume"]>[0],
  options: Parameters<PauseLedger["resume"]>[1],
): Promise<ResumeResult> {
  let result: ResumeResult;
  try {
    result = await ledger.resume(envelope, options);
  } catch (error) {
    if (!CheckpointError.is(error) || error.outcome !== "unknown") throw error;
    throw new CommandError(
      exitCodes.failed,
      `${error.message} Whether the task is claimed is not known. The same call again is safe: it claims the task, or hands over its message.`,
      { cause: error },
    );
  }
  if (result.outcome !== "absorbed") return result;
  throw new CommandError(
    exitCodes.refused,
    `The task ${JSON.stringify(result.taskId)} has had this answer already, and has come to a later pause point since; nothing was changed.`,
  );
}

/** Characters of another's answer in an error; `holdpoint show` has all of it. */
const maxShown = 1_000;

/**
 * Has whoever comes second told what was answered, and by whom where a gateway has only passed on a message.
 *
 * @throws what `work` throws, with that
 */
async function withFirstAnswer<Result>(
  ledger: PauseLedger,
  store: CheckpointStore,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!LedgerError.is(error, "already-resumed") || error.taskId === undefined) throw error;
    const task = await ledger.inspect(error.taskId);
    if (task?.state !== "resumed" || task.input === undefined) throw error;
    const senders = await findSentAnswers(store, task);
    const names = [...new Set(senders.map(({ by }) => describePerson(by)))].join(" or ");
    // Gateways add what is theirs.
    const { a2a: _a2a, ...input } = task.input;
    const answer = JSON.stringify(input);
    const shown = answer.length <= maxShown ? answer : `${answer.slice(0, maxShown).toWellFormed()}…`;
    const sent = names === "" ? "" : `, sent through the gateway by ${names}`;
    throw new LedgerError("already-resumed", `${error.message} The answer was ${shown}${sent}.`, error.taskId);
  }
}

/** Says what became of the task. Whether that can be said must not keep the message from going on. */
async function tell(
  { messages, interactive }: CommandContext,
  { taskId, endedAt }: TaskDetails,
  { outcome, message, ignoredInput }: ResumeResult,
): Promise<void> {
  const name = escapeControls(taskId);
  if (outcome === "replayed") {
    await messages.tell(`${name} was resumed by the same call ${describeTime(endedAt)}; this is its message again.\n`);
  } else if (interactive) {
    await messages.tell(`${name} is resumed; its message goes to ${escapeControls(message.next[0] ?? "nobody")}.\n`);
  }
  if (ignoredInput.length > 0) {
    const names = ignoredInput.map((each) => escapeControls(each)).join(", ");
    await messages.tell(`Left out, since no field declares it: ${names}.\n`);
  }
}
