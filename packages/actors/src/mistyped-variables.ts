import { meantName } from "@holdpoint/asya";

import type { Environment } from "./serving-environment.ts";

/** A variable that works as it is, and is probably not what was meant. */
export interface SettingHint {
  readonly variable: string;
  readonly hint: string;
}

/**
 * Variables that look like mistyped ones. They are no errors: others may read them.
 *
 * @param known every variable that is read
 * @example
 * ```ts
 * const [first] = mistypedVariables({ STATE_MOD: "cas" }, ["STATE_MODE"]);
 * console.log(first?.hint); // did you mean STATE_MODE? It has no effect.
 * ```
 */
export function mistypedVariables(environment: Environment, known: readonly string[]): readonly SettingHint[] {
  return Object.keys(environment).flatMap((variable) => {
    const meant = meantName(variable, known);
    return meant === undefined ? [] : [{ variable, hint: `did you mean ${meant}? It has no effect.` }];
  });
}
