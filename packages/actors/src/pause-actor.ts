import type { PauseLedger, PauseMetadata } from "@holdpoint/asya";

import type { ActorHandler } from "./actor-message.ts";

/** Options of {@link createPauseActor}. */
export interface PauseActorOptions {
  readonly ledger: PauseLedger;
  /** What the person is asked. @default `{ prompt: "Task paused", fields: [] }` */
  readonly metadata?: PauseMetadata | undefined;
}

/**
 * The actor x-pause: stores each message that it is handed, and tells the sidecar that the task is paused.
 *
 * @example
 * ```ts
 * await serveActor(createPauseActor({ ledger: createPauseLedger(store) }), { parseJson: parseLosslessJson });
 * ```
 */
export function createPauseActor({ ledger, metadata }: PauseActorOptions): ActorHandler {
  return async (envelope, { signal, log, takeBytes }) => {
    const { outcome, key, keptAs, message } = await ledger.pause(envelope, { signal, admit: takeBytes, metadata });
    log.info("pause", { outcome, key });
    if (keptAs !== undefined) {
      log.warn("another message with this id waits here already; this one waits beside it", { key, keptAs });
    }
    if (outcome !== "stale" && message.next.every((name) => name === "x-resume")) {
      log.warn("nothing follows this pause point: once it is answered, the task ends", { key });
    }
    return message;
  };
}
