import { isError } from "@holdpoint/core/driver";

import type { ActorHandler, ActorMessage } from "./actor-message.ts";
import type { ActorLog, LogFields } from "./actor-log.ts";
import { extendLog } from "./actor-log.ts";
import { invocationBudgetMs } from "./invocation-deadline.ts";
import { outgoingFrames } from "./outgoing-frame.ts";
import type { JsonParser } from "./parse-message.ts";
import { parseMessage } from "./parse-message.ts";
import type { WireError } from "./wire-error.ts";
import { wireError } from "./wire-error.ts";

/** An answer to the sidecar. */
export interface Answer {
  readonly status: 200 | 204 | 400 | 404 | 500;
  /** JSON text; empty for 204. */
  readonly body: string;
}

/** The handler was stopped because the message's time was up. */
class DeadlineExceededError extends Error {
  override readonly name = "DeadlineExceededError";
}

/** The handler was stopped because the process is ending; the message is delivered again. */
export class ShuttingDownError extends Error {
  override readonly name = "ShuttingDownError";
}

/** Other messages took all the time that the sidecar waits for an answer to this one. It is delivered again. */
export class NoTurnError extends Error {
  override readonly name = "NoTurnError";
}

/** What {@link invokeHandler} needs beside the handler and the message. */
export interface Invocation {
  readonly parseJson: JsonParser;
  readonly actorTimeoutMs: number;
  /** Aborts when the process can wait no longer. */
  readonly shutdown: AbortSignal;
  readonly log: ActorLog;
  /** Resolves once so many more bytes may be in hand; rejects with the signal's reason if that aborts before. */
  readonly takeBytes: (bytes: number, signal: AbortSignal) => Promise<void>;
}

/** Runs a handler on one request's body, and says what to answer. Never rejects. */
export async function invokeHandler(handler: ActorHandler, body: Uint8Array, invocation: Invocation): Promise<Answer> {
  const { log, parseJson, shutdown } = invocation;
  let message: ActorMessage;
  try {
    message = parseMessage(body, parseJson);
  } catch (error) {
    return refuse(wireError("msg_parsing_error", error), log);
  }
  const startedAt = performance.now();
  const taskLog = extendLog(log, { taskId: message.id });
  const durationMs = (): number => Math.round(performance.now() - startedAt);
  const budgetMs = invocationBudgetMs(message, invocation.actorTimeoutMs, Date.now());
  const deadline = new AbortController();
  const { signal } = deadline;
  let waitingForBytes = 0;
  const takeBytes = async (bytes: number): Promise<void> => {
    waitingForBytes += 1;
    try {
      await invocation.takeBytes(bytes, signal);
    } finally {
      waitingForBytes -= 1;
    }
  };
  const timer = setTimeout(() => {
    const afterMs = Math.round(budgetMs);
    const reason =
      waitingForBytes > 0
        ? new NoTurnError(`Other messages took what was left of ${afterMs} ms while this one waited for memory.`)
        : new DeadlineExceededError(`The handler was told to stop after ${afterMs} ms.`);
    deadline.abort(reason);
  }, budgetMs);
  // By hand, since a signal of `AbortSignal.any` is only let go of when all of the heap is collected.
  const stop = (): void => deadline.abort(shutdown.reason);
  shutdown.addEventListener("abort", stop, { once: true });
  if (shutdown.aborted) stop();
  try {
    const frames = outgoingFrames(message, await handler(message, { signal, log: taskLog, takeBytes }));
    const answer =
      frames.length === 0
        ? { status: 204 as const, body: "" }
        : { status: 200 as const, body: JSON.stringify({ frames }) };
    taskLog.info("message handled", { durationMs: durationMs(), frames: frames.length });
    return answer;
  } catch (error) {
    return failed(signal.aborted ? abortFailure(signal, error) : error, taskLog, { durationMs: durationMs() });
  } finally {
    clearTimeout(timer);
    shutdown.removeEventListener("abort", stop);
  }
}

/** The answer to a request that holds no usable message. */
export function refuse(failure: WireError, log: ActorLog): Answer {
  log.error("message refused", { errorType: failure.details.type, error: failure.details.message });
  return { status: 400, body: JSON.stringify(failure) };
}

/** The answer for a message that could not be handled, and may be delivered again. */
export function failed(error: unknown, log: ActorLog, fields: LogFields = {}): Answer {
  const failure = wireError("processing_error", error);
  const { type, message: problem } = failure.details;
  log.error("message failed", { ...fields, errorType: type, error: problem });
  return { status: 500, body: JSON.stringify(failure) };
}

/** Why the handler was stopped says more than how it took it. */
function abortFailure(signal: AbortSignal, error: unknown): unknown {
  const reason: unknown = signal.reason;
  if (isError(reason) && reason !== error) reason.cause = error;
  return reason;
}
