import fc from "fast-check";
import { expect, test } from "vitest";

import type { ActorMessage } from "./actor-message.ts";
import { InvalidReplyError, outgoingFrames } from "./outgoing-frame.ts";

const message: ActorMessage = {
  id: "t",
  route: { prev: ["a"], curr: "b", next: ["c", "d"] },
  headers: { trace: "1" },
  payload: {},
};

const anything = fc.oneof(
  fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withTypedArray: true,
    withSparseArray: true,
    withBoxedValues: true,
    maxDepth: 2,
  }),
  fc.constantFrom<unknown>(Symbol("a"), () => 1, Number.NaN, Object.create(null), new Proxy({}, {}), JSON.parse, /a/u),
);
const names = fc.array(fc.string({ minLength: 1, maxLength: 5 }), { maxLength: 3 });
const reply = fc.oneof(
  fc.record({ payload: anything, next: anything, headers: anything, status: anything }, { requiredKeys: [] }),
  fc.record(
    { payload: fc.jsonValue(), next: names, headers: fc.dictionary(fc.string(), anything), status: fc.object() },
    { requiredKeys: ["payload"] },
  ),
);
const returned = fc.oneof(reply, fc.array(fc.oneof(reply, anything), { maxLength: 3 }), anything);

test("whatever a handler returns becomes whole frames on the wire, or is refused", () => {
  fc.assert(
    fc.property(returned, (value) => {
      let text: string;
      try {
        text = JSON.stringify({ frames: outgoingFrames(message, value) });
      } catch (error) {
        // A value that JSON cannot hold is found when it is written.
        if (!(error instanceof InvalidReplyError)) expect(error).toBeInstanceOf(TypeError);
        return;
      }
      const { frames } = JSON.parse(text) as { readonly frames: readonly Record<string, unknown>[] };
      for (const frame of frames) {
        expect(frame).toHaveProperty("payload");
        const { route, headers, status } = frame as {
          readonly route: ActorMessage["route"];
          readonly headers: unknown;
          readonly status?: unknown;
        };
        expect(route.prev).toEqual(["a", "b"]);
        for (const name of [route.curr, ...route.next]) expect(typeof name).toBe("string");
        // Where a frame has none, the sidecar puts back those that the handler removed.
        for (const object of [headers, status ?? {}]) expect(object).toEqual(expect.any(Object) as object);
        expect([Array.isArray(headers), Array.isArray(status)]).toEqual([false, false]);
      }
    }),
    { numRuns: 1_000 },
  );
});
