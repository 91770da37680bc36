import { describe, expect, it } from "vitest";

import { persistedHeaders, restoredHeaders } from "./asya-headers.ts";

const oldTrace = { traceparent: "00-old", tracestate: "vendor=old" };
const newTrace = { traceparent: "00-new", tracestate: "vendor=new" };

describe("headers that belong to one delivery", () => {
  it("are not kept while a message is paused", () => {
    const headers = {
      priority: 5,
      "x-asya-first-attempt": "2026-01-31T12:00:00Z",
      "x-asya-fan-in": { origin_id: "a" },
      "x-asya-pause": {},
    };
    expect(persistedHeaders(headers)).toEqual({ priority: 5 });
  });

  it("are not restored from a document that has them, nor taken from the resume message", () => {
    const firstAttempt = { "x-asya-first-attempt": "2026-01-31T12:00:00Z" };
    expect(restoredHeaders(firstAttempt, { ...firstAttempt, priority: 5 })).toEqual({ priority: 5 });
  });

  it.each([
    ["the resume message has its own trace", newTrace, oldTrace, newTrace],
    ["it has a trace without a state", { traceparent: "00-new" }, oldTrace, { traceparent: "00-new" }],
    ["it has none", {}, oldTrace, oldTrace],
    ["it has an empty one", { traceparent: "", tracestate: "" }, oldTrace, oldTrace],
    [
      "it has a state that belongs to no trace",
      { tracestate: "vendor=new" },
      { traceparent: "00-old" },
      { traceparent: "00-old" },
    ],
    ["only it has a trace", newTrace, {}, newTrace],
    [
      "its gateway is another",
      { "x-asya-gateway-url": "http://new" },
      { "x-asya-gateway-url": "http://old" },
      { "x-asya-gateway-url": "http://new" },
    ],
    ["it names no gateway", {}, { "x-asya-gateway-url": "http://old" }, { "x-asya-gateway-url": "http://old" }],
    [
      "it differs in what belongs to the task",
      { priority: 1, note: "new" },
      { priority: 5 },
      { priority: 5, note: "new" },
    ],
  ])("are the newer ones where %s", (_name, brought, stored, expected) => {
    expect(restoredHeaders(brought, stored)).toEqual(expected);
  });
});
