import { setTimeout as delay } from "node:timers/promises";

import type { Envelope } from "@holdpoint/asya";

import type { WireError } from "../wire-error.ts";
import { wireError } from "../wire-error.ts";
import { wholeSeconds } from "./gateway-envelope.ts";
import type { ActorAnswer } from "./invoke-actor.ts";
import { ConnectionLostError, invokeActor } from "./invoke-actor.ts";
import type { MeshRetry } from "./mesh-events.ts";
import type { RunningActor } from "./running-actor.ts";

/** How often and how soon a message is delivered again. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly backoffMs: number;
  readonly nonRetryableErrors: readonly string[];
  readonly onRetry: (retry: MeshRetry) => void;
}

/** What became of delivering one message to one actor. */
export interface DeliveryResult {
  readonly answer: ActorAnswer;
  readonly attempts: number;
}

/**
 * Delivers a message to an actor until it has an answer: again after an error, up to a limit, and again without limit
 * when the actor is killed with the message in hand, since a queue keeps it for the next process.
 */
export async function deliverMessage(
  actor: RunningActor,
  envelope: Envelope,
  policy: RetryPolicy,
): Promise<DeliveryResult> {
  const name = envelope.route.curr;
  for (let attempt = 1; ;) {
    const answer = await tryOnce(actor, withAttempt(envelope, attempt, policy.attempts));
    if (answer === undefined) {
      policy.onRetry({ actor: name, envelope, error: undefined });
      continue;
    }
    if ("frames" in answer || attempt >= policy.attempts || isNonRetryable(answer.error, policy)) {
      return { answer, attempts: attempt };
    }
    policy.onRetry({ actor: name, envelope, error: answer.error });
    await delay(policy.backoffMs * 2 ** (attempt - 1));
    attempt += 1;
  }
}

/** `undefined` if the actor went away with the message in hand. */
async function tryOnce(actor: RunningActor, envelope: Envelope): Promise<ActorAnswer | undefined> {
  const wasReady = actor.ready();
  try {
    await wasReady;
    return await invokeActor(actor.socketPath, envelope);
  } catch (error) {
    // An actor that is still there has broken off by itself, and would do so again.
    if (error instanceof ConnectionLostError && actor.ready() !== wasReady) return undefined;
    return { error: wireError("processing_error", error).details };
  }
}

function isNonRetryable({ type, mro }: WireError["details"], { nonRetryableErrors }: RetryPolicy): boolean {
  return [type, ...mro].some((name) => nonRetryableErrors.includes(name));
}

function withAttempt(envelope: Envelope, attempt: number, attempts: number): Envelope {
  const now = wholeSeconds(new Date());
  const delivered = { actor: envelope.route.curr, attempt, max_attempts: attempts, updated_at: now };
  return { ...envelope, status: { created_at: now, ...envelope.status, phase: "processing", ...delivered } };
}
