import type { JsonObject } from "@holdpoint/core";

import { coerceInput } from "./coerce-input.ts";
import type { PauseMetadata } from "./pause-metadata.ts";
import { validateInput } from "./validate-input.ts";

/**
 * What is done with a person's input before it is merged: nothing (`off`), a check against the declared fields
 * and the schema (`strict`), or that check after texts were read as what their fields declare (`coerce`).
 */
export type InputValidation = "off" | "strict" | "coerce";

/** @throws {LedgerError} `invalid-input` with every violation in its message */
export async function prepareInput(
  input: JsonObject,
  metadata: PauseMetadata,
  validation: InputValidation = "off",
): Promise<JsonObject> {
  switch (validation) {
    case "off":
      return input;
    case "strict":
      return await validateInput(input, metadata);
    case "coerce":
      return await validateInput(coerceInput(input, metadata), metadata);
  }
}
