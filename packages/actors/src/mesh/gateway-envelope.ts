import { randomUUID } from "node:crypto";

import type { Envelope } from "@holdpoint/asya";

import type { MessageHeaders } from "../actor-message.ts";

/** Options of {@link LocalMesh.send}. */
export interface SendOptions {
  /** @default a random UUID */
  readonly id?: string | undefined;
  /** @default none */
  readonly headers?: MessageHeaders | undefined;
  /** The task's budget: when it is over, sidecars deliver the message no more, and the gateway gives the task up. @default no limit */
  readonly timeoutSeconds?: number | undefined;
}

/** Options of {@link LocalMesh.resume}. */
export interface MeshResumeOptions {
  /**
   * The id of the resume message itself, in which generations of gateways differ: an id of its own, the task's, or the
   * task's with `resume-` before it.
   *
   * @default "fresh"
   */
  readonly idStyle?: "fresh" | "task" | "prefixed" | undefined;
  /** What is left of the task's budget. @default no limit */
  readonly timeoutSeconds?: number | undefined;
  /** Headers beside those that say what is resumed. @default none */
  readonly headers?: MessageHeaders | undefined;
}

/** A message at the start of its route. */
export function newEnvelope(actors: readonly string[], payload: unknown, options: SendOptions = {}): Envelope {
  const [curr = "", ...next] = actors;
  const { id = randomUUID(), headers = {}, timeoutSeconds } = options;
  const deadline =
    timeoutSeconds === undefined ? {} : { deadline_at: wholeSeconds(new Date(Date.now() + timeoutSeconds * 1_000)) };
  return { id, route: { prev: [], curr, next }, headers, status: { ...newStatus(), ...deadline }, payload };
}

/** The message that carries a person's answer to x-resume. */
export function resumeEnvelope(taskId: string, input: unknown, options: MeshResumeOptions = {}): Envelope {
  const { idStyle = "fresh", timeoutSeconds, headers } = options;
  const id = { fresh: () => randomUUID(), task: () => taskId, prefixed: () => `resume-${taskId}` }[idStyle]();
  return newEnvelope(["x-resume"], input, {
    id,
    headers: {
      ...headers,
      "x-asya-resume-task": taskId,
      ...(timeoutSeconds === undefined ? {} : { "x-asya-resume-timeout": timeoutSeconds }),
    },
  });
}

// Gateways keep whole seconds, so two messages of one second do not differ here.
function newStatus(): NonNullable<Envelope["status"]> {
  return { phase: "pending", created_at: wholeSeconds(new Date()) };
}

/** A time as gateways write it. */
export function wholeSeconds(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/u, "Z");
}
