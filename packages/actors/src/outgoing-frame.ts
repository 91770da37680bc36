import { isJsonObject } from "@holdpoint/core";
import type { Route } from "@holdpoint/asya";

import type { ActorMessage, ActorReply, MessageHeaders } from "./actor-message.ts";

/** A message as it goes back to the sidecar, its route already moved on by one actor. */
export interface OutgoingFrame {
  readonly payload: unknown;
  readonly route: Route;
  /** Never left out, also when empty: for a frame without headers the sidecar would use those that came in. */
  readonly headers: MessageHeaders;
  readonly status?: ActorReply["status"];
}

/** A handler returned something that cannot be sent on. */
export class InvalidReplyError extends Error {
  override readonly name = "InvalidReplyError";
}

/**
 * Turns what a handler returned into frames: none, one, or several.
 *
 * @throws {InvalidReplyError} saying what about the reply is wrong
 */
export function outgoingFrames(message: ActorMessage, returned: unknown): readonly OutgoingFrame[] {
  if (returned === undefined || returned === null) return [];
  const replies: readonly unknown[] = Array.isArray(returned) ? returned : [returned];
  // Spread, so that a hole in a list is seen; JSON would make a null of it.
  return [...replies].map((reply, index) =>
    outgoingFrame(message, checkReply(reply, Array.isArray(returned) ? index : undefined)),
  );
}

function outgoingFrame(message: ActorMessage, reply: ActorReply): OutgoingFrame {
  const [curr = "", ...next] = reply.next ?? message.route.next;
  return {
    payload: reply.payload,
    route: { prev: [...message.route.prev, message.route.curr], curr, next },
    headers: reply.headers ?? message.headers,
    ...(reply.status === undefined ? {} : { status: reply.status }),
  };
}

/** @throws {InvalidReplyError} */
export function checkReply(reply: unknown, index?: number): ActorReply {
  const which = index === undefined ? "The handler's reply" : `Reply ${index} of the handler`;
  const refuse = (problem: string): never => {
    throw new InvalidReplyError(`${which} cannot be sent on: ${problem}.`);
  };
  if (!isJsonObject(reply)) return refuse("expected an object with a payload");
  const { payload, next, headers, status } = reply;
  if (["undefined", "function", "symbol"].includes(typeof payload)) refuse("payload is missing");
  if (next !== undefined && !isNames(next)) refuse("next is not a list of actors' names");
  if (headers !== undefined && !isObjectInJson(headers)) refuse("headers is not an object");
  if (status !== undefined && !isObjectInJson(status)) refuse("status is not an object");
  return reply as unknown as ActorReply;
}

function isNames(value: unknown): boolean {
  return Array.isArray(value) && [...(value as unknown[])].every((name) => typeof name === "string" && name !== "");
}

/** Whether JSON makes an object of it: a `Date` or a `String` becomes a text, and a `Map` loses what it holds. */
function isObjectInJson(value: unknown): boolean {
  return (
    isJsonObject(value) &&
    Object.prototype.toString.call(value) === "[object Object]" &&
    typeof value["toJSON"] !== "function"
  );
}
