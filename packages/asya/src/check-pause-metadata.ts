import { readSchema } from "@holdpoint/core/holds";
import { isJsonObject } from "@holdpoint/core/json";

import { mergeInput } from "./merge-input.ts";
import type { PauseMetadata } from "./pause-metadata.ts";
import { checkInput } from "./validate-input.ts";

/**
 * Tries pause metadata out: its schema can be used, and what it answers on expiry fits what it asks for. Else every
 * strict answer would be refused once people wait.
 *
 * @example
 * ```ts
 * const metadata = parsePauseMetadata(text);
 * await checkPauseMetadata(metadata);
 * ```
 * @throws {Error} with what is wrong
 */
export async function checkPauseMetadata(metadata: PauseMetadata): Promise<void> {
  const { schema, on_expiry } = metadata;
  if (schema !== undefined) {
    await readSchema(schema).catch((error: unknown) => {
      throw new Error(`schema: ${(error as Error).message}`, { cause: error });
    });
  }
  if (!isJsonObject(on_expiry)) return;
  const { complete, violations } = await checkInput(on_expiry, metadata);
  if (violations.length > 0) throw new Error(`on_expiry: it does not fit what is asked: ${violations.join("; ")}`);
  try {
    mergeInput({}, complete, metadata);
  } catch (error) {
    throw new Error(`on_expiry: ${(error as Error).message}`, { cause: error });
  }
}
