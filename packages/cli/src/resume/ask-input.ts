import type { CheckAnswerOptions, PauseMetadata, TaskDetails } from "@holdpoint/asya";
import { checkAnswer, LedgerError } from "@holdpoint/asya";
import type { JsonObject } from "@holdpoint/core";
import { isJsonObject } from "@holdpoint/core/json";

import type { CommandContext } from "../frame/command-context.ts";
import type { AskedField } from "./ask-fields.ts";
import { askFields, askUntilItFits, beginningWith } from "./ask-fields.ts";
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
  const asked = metadata === undefined ? [] : askedOf(metadata, given, check);
  return await askUntilItFits<JsonObject>(
    context,
    async (said) => {
      const fields = beginningWith(asked, said && { [whole]: said, ...said });
      const answers = await askFields(context, fields, said === undefined ? given : {});
      const { [whole]: all } = answers;
      return isJsonObject(all) ? all : answers;
    },
    // Where nothing is asked for, why it is refused is said when it is.
    async (input) => (asked.length === 0 ? [] : await faultsOf(task, input, check)),
  );
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

async function faultsOf(task: TaskDetails, input: JsonObject, check: CheckAnswerOptions): Promise<readonly string[]> {
  try {
    await checkAnswer(task, input, check);
    return [];
  } catch (error) {
    if (LedgerError.is(error, "invalid-input")) return [error.message];
    throw error;
  }
}
