import { describe, expect, it } from "vitest";

import type { ActorMessage } from "./actor-message.ts";
import { outgoingFrames } from "./outgoing-frame.ts";

const message: ActorMessage = {
  id: "t",
  route: { prev: ["a"], curr: "b", next: ["c", "d"] },
  headers: { trace: "1" },
  payload: {},
};

describe("outgoingFrames", () => {
  it("moves the route on by one actor, and keeps headers that the handler does not mention", () => {
    expect(outgoingFrames(message, { payload: 1 })).toEqual([
      { payload: 1, route: { prev: ["a", "b"], curr: "c", next: ["d"] }, headers: { trace: "1" } },
    ]);
  });

  it("ends the route where nothing is next, and sends headers also when there are none", () => {
    expect(outgoingFrames(message, { payload: 1, next: [], headers: {}, status: { phase: "x" } })).toEqual([
      { payload: 1, route: { prev: ["a", "b"], curr: "", next: [] }, headers: {}, status: { phase: "x" } },
    ]);
  });

  it("makes as many frames as there are replies", () => {
    expect(outgoingFrames(message, [{ payload: 1 }, { payload: 2 }]).map((frame) => frame.payload)).toEqual([1, 2]);
    expect(outgoingFrames(message, [])).toEqual([]);
    expect(outgoingFrames(message, undefined)).toEqual([]);
  });

  it.each([
    ["text", "expected an object"],
    [{}, "payload"],
    [{ payload: 1, next: "c" }, "next"],
    [{ payload: 1, next: [""] }, "next"],
    [{ payload: 1, headers: [] }, "headers"],
    [{ payload: 1, status: 1 }, "status"],
    [[{ payload: 1 }, 2], "Reply 1"],
    // oxlint-disable-next-line no-sparse-arrays -- as a handler may make one
    [[{ payload: 1 }, , { payload: 2 }], "Reply 1"],
    [{ payload: Symbol("no JSON") }, "payload"],
    [{ payload: 1, next: Array.from({ length: 3 }).with(0, "c") }, "next"],
    [{ payload: 1, next: Object.assign(["c"], { length: 2 }) }, "next"],
    [{ payload: 1, headers: new Date() }, "headers"],
    [{ payload: 1, headers: new Map([["a", 1]]) }, "headers"],
    [{ payload: 1, headers: { toJSON: () => "text" } }, "headers"],
  ])("refuses %j", (reply, problem) => {
    expect(() => outgoingFrames(message, reply)).toThrow(problem);
  });
});
