import type { CheckAnswerOptions, PauseMetadata, TaskDetails } from "@holdpoint/asya";
import { checkAnswer, LedgerError } from "@holdpoint/asya";
import type { JsonObject } from "@holdpoint/core";
import { isJsonObject } from "@holdpoint/core/json";

import type { CommandContext } from "../frame/command-context.ts";
import type { AskedField } from "./ask-fields.ts";
import { askFields, beginningWith, tellFault } from "./ask-fields.ts";
import { fieldsOfSchema } from "./schema-fields.ts";

/** Stands for the whole of an answer, which no field has the name of. */
const whole = "";

/**
 * Asks at the terminal for what an answer lacks, field by field as the task's fields say or else its schema, and again
 * where the whole does not fit.
 */
export async function askInput(
  context: CommandContext,
  task: TaskDetails,
  given: JsonObject,
  check: CheckAnswerOptions,
): Promise<JsonObject> {
  const { metadata } = task;
  let asked = metadata === undefined ? [] : askedOf(metadata, given, check);
  let known = given;
  for (;;) {
    const answers = await askFields(context, asked, known);
    const { [whole]: all } = answers;
    const input = isJsonObject(all) ? all : answers;
    const fault = await faultOf(task, input, check);
    // Where nothing is asked for, why it is refused is said then.
    if (fault === undefined || asked.length === 0) return input;
    tellFault(context, fault);
    asked = beginningWith(asked, { [whole]: input, ...input });
    known = {};
  }
}

function askedOf(
  { fields, schema }: PauseMetadata,
  given: JsonObject,
  { validation }: CheckAnswerOptions,
): readonly AskedField[] {
  // Another program may have stored anything as the schema.
  if (fields.length > 0 || !isJsonObject(schema)) return fields;
  const asked = fieldsOfSchema(schema);
  if (asked === undefined)
    return Object.keys(given).length > 0 ? [] : [{ name: whole, type: "object", prompt: "The answer" }];
  return validation === "off" ? asked.map(({ faultsOf: _faultsOf, ...field }) => field) : asked;
}

async function faultOf(task: TaskDetails, input: JsonObject, check: CheckAnswerOptions): Promise<string | undefined> {
  try {
    await checkAnswer(task, input, check);
    return undefined;
  } catch (error) {
    if (LedgerError.is(error, "invalid-input")) return error.message;
    throw error;
  }
}
