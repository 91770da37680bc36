import type { HoldAnswer, HoldDetails } from "@holdpoint/core/holds";
import type { JsonObject } from "@holdpoint/core/json";
import { isJsonObject } from "@holdpoint/core/json";

import type { CommandContext } from "../frame/command-context.ts";
import { CommandError } from "../frame/command-error.ts";
import { exitCodes } from "../frame/exit-code.ts";
import { readGivenJson } from "../frame/read-given-file.ts";
import { readBySchema } from "../resume/read-by-schema.ts";

/** What the command line says of an answer, besides its decision. */
export interface AnswerInput {
  readonly field?: Readonly<Record<string, string>> | undefined;
  readonly input?: string | undefined;
  readonly content?: string | undefined;
  readonly comment?: string | undefined;
}

/**
 * The answer that the command line gives, which may lack what the question needs.
 *
 * @throws {CommandError} if a file cannot be read, or field and input do not go together
 */
export async function readAnswer(
  context: CommandContext,
  { question }: HoldDetails,
  decision: string | undefined,
  { field, input, content, comment }: AnswerInput,
): Promise<HoldAnswer> {
  if (input === "-" && content === "-") {
    throw new CommandError(exitCodes.usage, "Only one of --input and --content can be standard input.");
  }
  const whole = input === undefined ? undefined : await readGivenJson(context, input, "value");
  return {
    ...(decision === undefined ? {} : { decision }),
    ...valueOf(whole, field, question?.schema),
    ...(content === undefined ? {} : { content: await readGivenJson(context, content, "content") }),
    ...(comment === undefined ? {} : { comment }),
  };
}

function valueOf(
  whole: unknown,
  field: Readonly<Record<string, string>> | undefined,
  schema: JsonObject | undefined,
): Pick<HoldAnswer, "value"> {
  if (field === undefined) return whole === undefined ? {} : { value: whole };
  if (whole !== undefined && !isJsonObject(whole)) {
    throw new CommandError(exitCodes.usage, "--field goes together only with an --input that is a JSON object.");
  }
  const fields = Object.entries(field).map(
    ([name, text]) => [name, schema === undefined ? text : readBySchema(text, schema, name)] as const,
  );
  return { value: { ...whole, ...Object.fromEntries(fields) } };
}
