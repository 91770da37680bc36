import { parseLosslessJson } from "@holdpoint/core";
import fc from "fast-check";
import { expect, test } from "vitest";

import { privateText, strangeBodies } from "../test/strange-json.ts";
import type { ActorMessage } from "./actor-message.ts";
import type { JsonParser } from "./parse-message.ts";
import { MalformedMessageError, parseMessage } from "./parse-message.ts";

const parsers: readonly (readonly [string, JsonParser])[] = [
  ["JSON.parse", JSON.parse as JsonParser],
  ["parseLosslessJson", parseLosslessJson],
];

function parseOrRefuse(body: Uint8Array, parser: JsonParser): ActorMessage | undefined {
  try {
    return parseMessage(body, parser);
  } catch (error) {
    if (!(error instanceof MalformedMessageError)) throw error;
    expect(error.message).not.toContain(privateText);
    return undefined;
  }
}

/** As it goes on the wire again; too deep for that is another matter. */
function kindOf(value: unknown): string {
  try {
    return JSON.stringify(value).slice(0, 1);
  } catch (error) {
    if (error instanceof RangeError) return Array.isArray(value) ? "[" : "{";
    throw error;
  }
}

test.each(parsers)("with %s, whatever arrives is a whole envelope, or is refused without repeating it", (_, parser) => {
  fc.assert(
    fc.property(strangeBodies, (body) => {
      const message = parseOrRefuse(body, parser);
      expect(Reflect.get({}, "polluted")).toBeUndefined();
      if (message === undefined) return;
      const { id, parent_id: parentId, route, headers, status } = message;
      expect(id).not.toBe("");
      for (const text of [id, route.curr, ...route.prev, ...route.next, parentId ?? ""])
        expect(typeof text).toBe("string");
      expect([kindOf(route.prev), kindOf(route.next)]).toEqual(["[", "["]);
      expect([kindOf(headers), kindOf(status ?? {})]).toEqual(["{", "{"]);
      expect(Object.getPrototypeOf(message)).toBe(Object.prototype);
      expect(Object.keys(message).toSorted()).toEqual(
        ["headers", "id", "payload", "route"]
          .concat(parentId === undefined ? [] : ["parent_id"], status === undefined ? [] : ["status"])
          .toSorted(),
      );
    }),
    { numRuns: 1_000 },
  );
});

test("what was written as an envelope is what is read", () => {
  const text = fc.string({ unit: "binary", maxLength: 12 });
  const object = fc.dictionary(
    text.filter((name) => name !== "__proto__"),
    fc.jsonValue({ maxDepth: 2 }),
    {
      maxKeys: 4,
      noNullPrototype: true,
    },
  );
  const name = fc.string({ unit: "binary", minLength: 1, maxLength: 12 });
  const route = fc.record({ prev: fc.array(name), curr: name, next: fc.array(name) });
  const messages = fc.record(
    { id: name, parent_id: name, route, headers: object, status: object, payload: object },
    { requiredKeys: ["id", "route", "headers", "payload"] },
  );
  fc.assert(
    fc.property(messages, (message) => {
      const source = JSON.stringify(message);
      const body = new TextEncoder().encode(source);
      for (const [, parser] of parsers)
        expect(JSON.parse(JSON.stringify(parseMessage(body, parser)))).toEqual(JSON.parse(source));
    }),
    { numRuns: 200 },
  );
});
