import { select, text } from "@clack/prompts";
import type { HoldAnswer, HoldDetails } from "@holdpoint/core/holds";
import { validateAgainst } from "@holdpoint/core/holds";
import { isJsonObject, parseLosslessJson } from "@holdpoint/core/json";

import { answerOf, promptStreams } from "../frame/ask.ts";
import type { CommandContext } from "../frame/command-context.ts";
import { escapeControls } from "../frame/escape-controls.ts";
import { typedJsonProblem } from "../frame/typed-json-problem.ts";
import { askFields, askUntilItFits, beginningWith } from "../resume/ask-fields.ts";
import { fieldsOfSchema } from "../resume/schema-fields.ts";

/** Asks at the terminal for what an answer lacks. */
export async function askAnswer(
  context: CommandContext,
  { question, content }: HoldDetails,
  given: HoldAnswer,
): Promise<HoldAnswer> {
  if (question === undefined) return given;
  if (question.kind === "input") {
    if (given.value !== undefined && question.fields === undefined) return given;
    return { ...given, value: await askValue(context, question, given.value) };
  }
  const decision = given.decision ?? (await askDecision(context, question.decisions));
  const edited =
    decision === "edit" && given.content === undefined
      ? { content: await askJson(context, "The content in place of the one above, as JSON", content) }
      : {};
  const said =
    decision === "respond" && given.comment === undefined
      ? { comment: await askText(context, "What do you say?") }
      : {};
  return { ...given, decision, ...edited, ...said };
}

/** Asks as the question's fields say or else its schema, and again where the whole does not fit. */
async function askValue(
  context: CommandContext,
  { fields, schema }: NonNullable<HoldDetails["question"]>,
  given: unknown,
): Promise<unknown> {
  const asked = fields ?? (schema === undefined ? undefined : fieldsOfSchema(schema));
  const known = isJsonObject(given) ? given : {};
  return await askUntilItFits<unknown>(
    context,
    async (said) =>
      asked === undefined
        ? await askJson(context, "The value, as JSON", said)
        : await askFields(context, beginningWith(asked, said), said === undefined ? known : {}),
    async (said) => (schema === undefined ? [] : await validateAgainst(schema, said)),
  );
}

async function askDecision(
  context: CommandContext,
  decisions: NonNullable<HoldDetails["question"]>["decisions"],
): Promise<string> {
  const options = decisions.map(({ name, label = name, approving }) => ({
    value: name,
    // Whoever asked chose these words.
    label: escapeControls(label),
    hint: approving ? "lets act" : "lets nobody act",
  }));
  return answerOf(await select<string>({ ...promptStreams(context), message: "Your answer?", options }));
}

async function askText(context: CommandContext, message: string): Promise<string> {
  return answerOf(await text({ ...promptStreams(context), message, validate: emptyProblem }));
}

async function askJson(context: CommandContext, message: string, initial: unknown): Promise<unknown> {
  const prefilled = initial === undefined ? "" : JSON.stringify(initial);
  const answer = await text({
    ...promptStreams(context),
    message,
    // What would have to be escaped cannot be edited here either.
    initialValue: escapeControls(prefilled) === prefilled ? prefilled : "",
    validate: (value = "") => typedJsonProblem(value),
  });
  return parseLosslessJson(answerOf(answer));
}

function emptyProblem(value = ""): string | undefined {
  return value === "" ? "An answer is required." : undefined;
}
