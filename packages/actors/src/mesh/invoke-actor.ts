import { request } from "node:http";
import { text } from "node:stream/consumers";

import type { Envelope, Route } from "@holdpoint/asya";
import { parseLosslessJson } from "@holdpoint/core";

import type { MessageHeaders } from "../actor-message.ts";
import type { WireError } from "../wire-error.ts";

/** One message of an actor's answer, as it is on the wire. */
export interface AnsweredFrame {
  readonly payload: unknown;
  readonly route: Route;
  readonly headers?: MessageHeaders;
  readonly status?: Envelope["status"];
}

/** An actor's answer: messages, or an error. */
export type ActorAnswer = { readonly frames: readonly AnsweredFrame[] } | { readonly error: WireError["details"] };

/** The connection ended before the answer was complete. */
export class ConnectionLostError extends Error {
  override readonly name = "ConnectionLostError";
}

/**
 * Hands an envelope to an actor over its socket, as a sidecar does.
 *
 * @throws {ConnectionLostError} if the actor does not answer
 */
export async function invokeActor(socketPath: string, envelope: Envelope): Promise<ActorAnswer> {
  const { status, body } = await post(socketPath, JSON.stringify(envelope));
  if (status === 204) return { frames: [] };
  // Whatever passes through must leave as it came, large numbers included.
  const answer = parseLosslessJson(body) as { readonly frames: readonly AnsweredFrame[] } & Partial<WireError>;
  if (status === 200) return { frames: answer.frames };
  if (answer.details !== undefined) return { error: answer.details };
  throw new Error(`The actor answered ${status} with a body that the protocol does not know.`);
}

function post(socketPath: string, body: string): Promise<{ readonly status: number; readonly body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly status: number; readonly body: string }>();
  const lose = (cause: unknown): void => reject(new ConnectionLostError("The actor did not answer.", { cause }));
  const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
  const sent = request({ socketPath, path: "/invoke", method: "POST", agent: false, headers }, (response) => {
    text(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: answer }), lose);
  });
  sent.once("error", lose);
  sent.end(body);
  return promise;
}
