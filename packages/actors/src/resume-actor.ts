import type { InputValidation, MergeMode, PauseLedger } from "@holdpoint/asya";

import type { ActorHandler } from "./actor-message.ts";

/** Options of {@link createResumeActor}. */
export interface ResumeActorOptions {
  readonly ledger: PauseLedger;
  /** How a person's input is merged where it meets an object. @default "shallow" */
  readonly mergeMode?: MergeMode | undefined;
  /** Whether the input is checked against the declared fields, and whether texts become what these declare. @default "off" */
  readonly validation?: InputValidation | undefined;
}

/**
 * The actor x-resume: claims the task that a person has answered, and sends its message on with the answer in it.
 *
 * @example
 * ```ts
 * await serveActor(createResumeActor({ ledger: createPauseLedger(store) }), { parseJson: parseLosslessJson });
 * ```
 */
export function createResumeActor({ ledger, mergeMode, validation }: ResumeActorOptions): ActorHandler {
  return async (envelope, { signal, log, takeBytes }) => {
    const { outcome, key, taskId, message, ignoredInput } = await ledger.resume(envelope, {
      signal,
      admit: takeBytes,
      mergeMode,
      validation,
    });
    log.info("resume", { taskId, outcome, key, resumeId: envelope.id });
    // The names are those of somebody's input, so only their number is told.
    if (ignoredInput.length > 0)
      log.warn("input without a declared field was left out", { taskId, count: ignoredInput.length });
    return message;
  };
}
