import { metadataHints } from "@holdpoint/asya";
import type { Decision, Question, QuestionField } from "@holdpoint/core/holds";
import { CheckpointError } from "@holdpoint/core";
import { createHolds } from "@holdpoint/core/holds";
import { isJsonObject } from "@holdpoint/core/json";

import type { CommandContext } from "../frame/command-context.ts";
import { CommandError } from "../frame/command-error.ts";
import { escapeControls, toJsonLine } from "../frame/escape-controls.ts";
import { exitCodes } from "../frame/exit-code.ts";
import { readPersonOptions } from "../frame/hold-person.ts";
import type { StoreChoice } from "../frame/open-command-store.ts";
import { openCommandStore } from "../frame/open-command-store.ts";
import { readGivenFile, readGivenJson } from "../frame/read-given-file.ts";

/** Options of `holdpoint ask`. */
export interface AskChoice extends StoreChoice {
  readonly message: string;
  readonly details?: string | undefined;
  readonly content?: string | undefined;
  readonly decision?: readonly string[] | undefined;
  readonly schema?: string | undefined;
  readonly fields?: string | undefined;
  readonly expiresIn?: number | undefined;
  readonly onExpiry?: string | undefined;
  readonly allowOnExpiry?: true | undefined;
  readonly approvals?: number | undefined;
  readonly notBy?: readonly string[] | undefined;
  readonly label?: Readonly<Record<string, string>> | undefined;
  readonly savedState?: string | undefined;
  readonly fingerprint?: string | undefined;
  readonly ifDifferent: "refuse" | "keep";
  readonly by?: string | undefined;
  readonly issuer?: string | undefined;
  readonly json?: true | undefined;
}

const said = {
  opened: "is asked",
  found: "was asked before",
  kept: "stands for another question, which stays",
} as const;

/** Asks, or finds that it was asked before. */
export async function askHold(context: CommandContext, id: string, options: AskChoice): Promise<void> {
  const { output, messages, signal } = context;
  assertOneStandardInput(options);
  const { content, savedState, expiresIn, onExpiry, notBy = [], issuer } = options;
  const request = {
    ask: await readQuestion(context, options),
    content: content === undefined ? null : await readGivenJson(context, content, "content"),
    savedState: savedState === undefined ? undefined : await readSavedState(context, savedState),
    fingerprint: options.fingerprint,
    approvals: options.approvals,
    notBy: notBy.map((by) => readPersonOptions({ by, issuer })),
    labels: options.label,
    expiresInMs: expiresIn,
    onExpiry: onExpiry === undefined ? undefined : { decision: onExpiry },
    allowOnExpiry: options.allowOnExpiry === true ? onExpiry : undefined,
  };
  await using store = await openCommandStore(context, options, "write");
  const by = readPersonOptions(options);
  const result = await createHolds(store)
    .open(id, request, { by, ifDifferent: options.ifDifferent, signal })
    .catch((error: unknown) => {
      throw withAdvice(error);
    });
  const fields = "fields" in request.ask ? request.ask.fields : [];
  for (const hint of metadataHints({ prompt: options.message, fields })) {
    await messages.tell(`${escapeControls(hint)}\n`);
  }
  if (options.json) await output.write(toJsonLine(result));
  else await output.write(`${escapeControls(id)} ${said[result.outcome]}; it is ${result.state}.\n`);
}

function assertOneStandardInput({ content, schema, fields, savedState }: AskChoice): void {
  if ([content, schema, fields, savedState].filter((file) => file === "-").length < 2) return;
  throw new CommandError(
    exitCodes.usage,
    "Only one of --content, --schema, --fields and --saved-state can be standard input.",
  );
}

async function readQuestion(
  context: CommandContext,
  { message, details, decision, schema, fields }: AskChoice,
): Promise<Question> {
  const shown = { message, details };
  if (fields !== undefined) return { ...shown, fields: await readFields(context, fields) };
  const decisions = decision?.map(readDecision);
  if (schema === undefined) return { ...shown, decisions };
  const value = await readGivenJson(context, schema, "schema");
  if (!isJsonObject(value)) {
    throw new CommandError(exitCodes.usage, `The schema from ${JSON.stringify(schema)} is not a JSON object.`);
  }
  return decisions === undefined ? { ...shown, schema: value } : { ...shown, decisions, schema: value };
}

/** What each field must be, the check of the whole question says. */
async function readFields(context: CommandContext, file: string): Promise<readonly QuestionField[]> {
  const value = await readGivenJson(context, file, "fields");
  if (Array.isArray(value)) return value;
  throw new CommandError(exitCodes.usage, `The fields from ${JSON.stringify(file)} are not a JSON list.`);
}

function readDecision(text: string): Decision {
  const [, name = "", means, label] = /^(.*?)(?:=(approving|rejecting))?(?::(.*))?$/su.exec(text) ?? [];
  return { name, label, approving: means === undefined ? undefined : means === "approving" };
}

/** Text where it is text, which is easier to look at where it is kept. */
async function readSavedState(context: CommandContext, file: string): Promise<string | Uint8Array> {
  const bytes = await readGivenFile(context, file, "saved state");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes;
  }
}

function withAdvice(error: unknown): unknown {
  if (!CheckpointError.is(error) || error.outcome !== "unknown") return error;
  return new CommandError(
    exitCodes.failed,
    `${error.message} Whether it is asked is not known. The same call again is safe: it asks, or finds that it was asked.`,
    { cause: error },
  );
}
