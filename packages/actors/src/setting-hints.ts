import { metadataHints } from "@holdpoint/asya";
import type { PauseMetadata } from "@holdpoint/asya";

import { mistypedVariables } from "./mistyped-variables.ts";
import type { SettingHint } from "./mistyped-variables.ts";
import type { Environment } from "./serving-environment.ts";

/** Every variable of the mesh that x-pause and x-resume read. */
const knownVariables = [
  "ASYA_CHECKPOINT_STORE",
  "ASYA_PERSISTENCE_MOUNT",
  "ASYA_CHECKPOINT_RETENTION",
  "ASYA_PAUSE_METADATA",
  "ASYA_PAUSE_EXPIRES_IN",
  "ASYA_PAUSE_ON_EXPIRY",
  "ASYA_RESUME_MERGE_MODE",
  "ASYA_RESUME_VALIDATION",
  "ASYA_ACTOR_NAME",
  "ASYA_SOCKET_DIR",
  "ASYA_SOCKET_NAME",
  "ASYA_SOCKET_CHMOD",
  "ASYA_RESILIENCY_ACTOR_TIMEOUT",
  "ASYA_IS_END_ACTOR",
];

/**
 * What looks like a mistake in the variables of x-pause and x-resume: mistyped ones, of which none is an error since
 * Asya's runtime has others, and what `metadataHints` finds.
 *
 * @example
 * ```ts
 * const [first] = settingHints({ ASYA_RESUME_VALIDATON: "strict" }, undefined);
 * console.log(first?.hint); // did you mean ASYA_RESUME_VALIDATION? It has no effect.
 * ```
 */
export function settingHints(
  environment: Environment,
  pauseMetadata: PauseMetadata | undefined,
): readonly SettingHint[] {
  const hints = pauseMetadata === undefined ? [] : metadataHints(pauseMetadata);
  return [
    ...mistypedVariables(environment, knownVariables),
    ...hints.map((hint) => ({ variable: "ASYA_PAUSE_METADATA", hint })),
  ];
}
