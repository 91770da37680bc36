import { parseLosslessJson } from "@holdpoint/core";
import { describe, expect, it } from "vitest";

import type { JsonParser } from "./parse-message.ts";
import { MalformedMessageError, parseMessage } from "./parse-message.ts";

const parse = (text: string) => parseMessage(new TextEncoder().encode(text), JSON.parse as JsonParser);

describe("parseMessage", () => {
  it("takes null for what a sidecar has not set", () => {
    const text =
      '{"id":"t","parent_id":null,"route":{"prev":null,"curr":"a","next":null},"headers":null,"status":null,"payload":{}}';
    expect(parse(text)).toEqual({ id: "t", route: { prev: [], curr: "a", next: [] }, headers: {}, payload: {} });
  });

  it.each([
    ["[]", ["expected a JSON object"]],
    ['{"route":{"curr":"a"},"payload":{}}', ["id:"]],
    ['{"id":7,"route":{"curr":"a"},"payload":{}}', ["id:"]],
    ['{"id":"t","payload":{}}', ["route:"]],
    [
      '{"id":"t","route":{"prev":"a","curr":"","next":[1]},"headers":[],"status":"x"}',
      ["route.prev:", "route.curr:", "route.next:", "headers:", "status:", "payload:"],
    ],
  ])("lists what is wrong with %s", (text, names) => {
    for (const name of names) expect(() => parse(text)).toThrow(name);
  });

  it("takes no number for an object, also one that keeps its digits", () => {
    const body = '{"id":"t","route":{"curr":"a"},"headers":12345678901234567890,"status":1.0,"payload":{}}';
    const attempt = (): unknown => parseMessage(new TextEncoder().encode(body), parseLosslessJson);
    expect(attempt).toThrow("headers: expected an object\nstatus: expected an object");
  });

  it("says where the JSON is wrong without repeating it", () => {
    const thrown = (): string => {
      try {
        parse('{"id":"t","payload":{"secret":"hunter2", oops}}');
      } catch (error) {
        return String(error);
      }
      return "";
    };
    expect(thrown()).toContain("line 1 column 42");
    expect(thrown()).not.toContain("hunter2");
  });

  it("refuses bytes that are not UTF-8, and no bytes at all", () => {
    expect(() => parseMessage(Uint8Array.of(0x22, 0xff, 0x22), JSON.parse as JsonParser)).toThrow(
      MalformedMessageError,
    );
    expect(() => parse("")).toThrow("empty");
  });
});
