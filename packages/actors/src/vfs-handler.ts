import type { ActorLog } from "./actor-log.ts";
import { createActorLog, extendLog } from "./actor-log.ts";
import type { ActorHandler } from "./actor-message.ts";
import { readMessageDirectory, writeMessageDirectory } from "./message-directory.ts";
import { checkReply, InvalidReplyError } from "./outgoing-frame.ts";
import type { JsonParser } from "./parse-message.ts";
import { variableOf } from "./serving-environment.ts";

/** Options of {@link createVfsHandler}. */
export interface VfsHandlerOptions {
  /** The directory that stands for the message in hand. @default `ASYA_MSG_ROOT`, else `"/proc/asya/msg"` */
  readonly root?: string | undefined;
  /** Turns the text of headers into values. @default JSON.parse */
  readonly parseJson?: JsonParser | undefined;
  /** @default one that writes JSON lines to standard error */
  readonly log?: ActorLog | undefined;
}

/** A function of the payload alone; the rest of the message is files. `undefined` ends the pipeline. */
export type VfsHandler = (payload: unknown, options?: { readonly signal?: AbortSignal }) => Promise<unknown>;

/**
 * Turns an actor into a function from payload to payload, for a runtime that shows the rest of the message as a
 * directory: `id`, `parent_id`, `route/prev`, `route/curr`, `route/next`, `headers/<name>`. What the actor changes of
 * route and headers is written back there. A status has no file and is left out.
 *
 * @example
 * ```ts
 * const pause = createVfsHandler(createPauseActor({ ledger }));
 * const payload = await pause({ draft: "…" });
 * ```
 * @throws {InvalidReplyError} when the handler returns several replies, or what cannot stand in the directory
 */
export function createVfsHandler(handler: ActorHandler, options: VfsHandlerOptions = {}): VfsHandler {
  const {
    root = variableOf(process.env, "ASYA_MSG_ROOT") ?? "/proc/asya/msg",
    parseJson = JSON.parse as JsonParser,
    log = createActorLog({ actor: variableOf(process.env, "ASYA_ACTOR_NAME") ?? "actor" }),
  } = options;
  return async (payload, { signal = new AbortController().signal } = {}) => {
    const metadata = await readMessageDirectory(root, parseJson);
    // The directory stands for one message at a time.
    const context = { signal, log: extendLog(log, { taskId: metadata.id }), takeBytes: async () => {} };
    const returned = await handler({ ...metadata, payload }, context);
    const replies = Array.isArray(returned) ? (returned as readonly unknown[]) : [returned];
    if (replies.length > 1) {
      throw new InvalidReplyError(
        `The handler returned ${replies.length} replies, but a directory stands for one message.`,
      );
    }
    if (replies[0] === undefined) return undefined;
    const reply = checkReply(replies[0]);
    await writeMessageDirectory(root, metadata, {
      next: reply.next ?? metadata.route.next,
      headers: reply.headers ?? metadata.headers,
    });
    return reply.payload;
  };
}
