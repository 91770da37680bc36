import { readFile } from "node:fs/promises";
import { addAbortSignal } from "node:stream";
import { buffer } from "node:stream/consumers";

import { describeJsonError, parseLosslessJson } from "@holdpoint/core/json";

import type { CommandContext } from "./command-context.ts";
import { CommandError } from "./command-error.ts";
import { exitCodes } from "./exit-code.ts";

/**
 * What a file holds that the command line names, or standard input for `-`.
 *
 * @param what what it is, for messages
 * @throws {CommandError} if it cannot be read
 */
export async function readGivenFile({ signal }: CommandContext, file: string, what: string): Promise<Buffer> {
  try {
    return file === "-" ? await buffer(addAbortSignal(signal, process.stdin)) : await readFile(file, { signal });
  } catch (error) {
    throw wrong(file, what, `cannot be read: ${(error as Error).message}`, error);
  }
}

/**
 * The JSON in a file that the command line names, or in standard input for `-`. A mark that the text is UTF-8, as some
 * editors put before it, is no part of it.
 *
 * @throws {CommandError} if it cannot be read or is not JSON
 */
export async function readGivenJson(context: CommandContext, file: string, what: string): Promise<unknown> {
  const bytes = await readGivenFile(context, file, what);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    // What is not UTF-8 would be stored with other characters than it has.
    const likely = /^(?:\u00FF\u00FE|\u00FE\u00FF)/u.test(bytes.toString("latin1")) ? "is UTF-16" : "is not UTF-8";
    throw wrong(file, what, `${likely}; write it as UTF-8`, error);
  }
  try {
    return parseLosslessJson(text);
  } catch (error) {
    throw wrong(file, what, `is not JSON: ${describeJsonError(text, error)}`, error);
  }
}

function wrong(file: string, what: string, problem: string, cause: unknown): CommandError {
  const name = file === "-" ? "standard input" : JSON.stringify(file);
  return new CommandError(exitCodes.usage, `The ${what} from ${name} ${problem}.`, { cause });
}
