import { isJsonObject } from "@holdpoint/core";

import type { ActorMessage, MessageHeaders } from "./actor-message.ts";

/** Turns a body's text into values. */
export type JsonParser = (text: string) => unknown;

/** A request whose body is no envelope. Delivering it again cannot help. */
export class MalformedMessageError extends Error {
  override readonly name: string = "MalformedMessageError";
}

/**
 * Reads an envelope off the wire. Sidecars write an absent list or object as `null`, so that counts as absent.
 *
 * @throws {MalformedMessageError} that lists everything that is wrong, and repeats nothing of the content
 */
export function parseMessage(body: Uint8Array, parseJson: JsonParser): ActorMessage {
  const envelope = parseBody(body, parseJson);
  const problems: string[] = [];
  const expect = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem);
  };
  if (!isJsonObject(envelope)) throw new MalformedMessageError("The body is not an envelope: expected a JSON object.");
  const { id, parent_id: parentId, route, headers, status, ...rest } = envelope;
  const isRoute = isJsonObject(route);
  const { prev, curr, next } = isRoute ? route : {};
  expect(typeof id === "string" && id !== "", "id: expected text that is not empty");
  expect(isAbsent(parentId) || typeof parentId === "string", "parent_id: expected text");
  expect(isRoute, "route: expected an object with prev, curr and next");
  if (isRoute) {
    expect(isAbsent(prev) || isNames(prev), "route.prev: expected a list of actors' names");
    expect(typeof curr === "string" && curr !== "", "route.curr: expected the name of this actor");
    expect(isAbsent(next) || isNames(next), "route.next: expected a list of actors' names");
  }
  expect(isAbsent(headers) || isJsonObject(headers), "headers: expected an object");
  expect(isAbsent(status) || isJsonObject(status), "status: expected an object");
  expect(Object.hasOwn(rest, "payload"), "payload: missing");
  if (problems.length > 0) throw new MalformedMessageError(`The body is not an envelope.\n${problems.join("\n")}`);
  return {
    id: id as string,
    ...(typeof parentId === "string" && parentId !== "" ? { parent_id: parentId } : {}),
    route: {
      prev: (prev ?? []) as readonly string[],
      curr: curr as string,
      next: (next ?? []) as readonly string[],
    },
    headers: (headers ?? {}) as MessageHeaders,
    ...(isJsonObject(status) ? { status } : {}),
    payload: rest["payload"],
  };
}

function parseBody(body: Uint8Array, parseJson: JsonParser): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw new MalformedMessageError("The body is not UTF-8.");
  }
  if (text.trim() === "") throw new MalformedMessageError("The body is empty: expected an envelope.");
  try {
    return parseJson(text);
  } catch (error) {
    // The engine's own message quotes what surrounds the fault, which is somebody's payload.
    const position = /at position \d+(?: \(line \d+ column \d+\))?/u.exec(String(error))?.[0];
    throw new MalformedMessageError(`The body is not JSON${position === undefined ? "" : `: wrong ${position}`}.`);
  }
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
