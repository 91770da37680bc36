import type { Envelope } from "@holdpoint/asya";

import type { ActorLog } from "./actor-log.ts";

/** The headers of a message by name; values are any JSON. */
export type MessageHeaders = NonNullable<Envelope["headers"]>;

/**
 * The message that an actor is handed: the envelope that the mesh delivered, with its headers always present.
 *
 * @example
 * ```ts
 * const handler: ActorHandler = async (message) => ({ payload: { received: message.payload } });
 * ```
 */
export interface ActorMessage extends Envelope {
  readonly headers: MessageHeaders;
}

/**
 * What an actor hands back: a payload, and whatever else of the message it changes.
 *
 * @example
 * ```ts
 * const reply: ActorReply = { payload: { draft: "…" }, next: ["x-pause", "publisher"] };
 * ```
 */
export interface ActorReply {
  readonly payload: unknown;
  /** The actors that are still to run, in order. @default those of the incoming message */
  readonly next?: readonly string[] | undefined;
  /** All headers of the outgoing message: one that is not here is removed. @default those of the incoming message */
  readonly headers?: MessageHeaders | undefined;
  /** The outgoing message's status. @default left to the sidecar */
  readonly status?: Envelope["status"];
}

/** What a handler gets beside its message. */
export interface ActorContext {
  /** Aborts shortly before the message's time is up, and when the process can wait no longer for its shutdown. */
  readonly signal: AbortSignal;
  /** Writes log lines that already name the actor and the task. */
  readonly log: ActorLog;
  /**
   * Resolves once so many more bytes may be in hand for this message, until it is answered: for what a handler reads
   * beside its message, so that large things take turns within `maxBytesInHand` of `serveActor`. The wait is part of the
   * message's time; when that is up, or its sender has gone, it rejects, and the message comes again.
   */
  readonly takeBytes: (bytes: number) => Promise<void>;
}

/**
 * One actor: a message in, and one reply, several (each becomes a message of its own), or none (the pipeline ends) out.
 * Whatever it throws is reported to the sidecar, which delivers the message again or gives it up.
 *
 * @example
 * ```ts
 * const summarize: ActorHandler = async ({ payload }, { signal }) => ({ payload: await callModel(payload, signal) });
 * ```
 */
export type ActorHandler = (
  message: ActorMessage,
  context: ActorContext,
) => Promise<ActorReply | readonly ActorReply[] | undefined>;
