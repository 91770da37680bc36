import { expect, it } from "vitest";

import { nextEnvelopes } from "./next-envelopes.ts";

const route = { prev: ["a"], curr: "b", next: [] };
const envelope = {
  id: "t",
  parent_id: "p",
  route,
  headers: { trace: "abc" },
  status: { created_at: "then" },
  payload: {},
};

it("gives a frame without headers those of the message that came in, and an empty set stays empty", () => {
  const [without, empty] = nextEnvelopes(envelope, [
    { payload: 1, route },
    { payload: 2, route, headers: {} },
  ]);
  expect(without).toEqual({ ...envelope, status: { phase: "pending", created_at: "then" }, payload: 1 });
  expect(empty).toMatchObject({ headers: {}, parent_id: "t" });
  expect(empty?.id).not.toBe("t");
});

it("passes on nothing of a status but when the message was created", () => {
  const status = { created_at: "then", deadline_at: "soon", attempt: 3 };
  expect(
    nextEnvelopes({ ...envelope, status }, [
      { payload: 1, route },
      { payload: 2, route, status },
    ]),
  ).toMatchObject([
    { status: { phase: "pending", created_at: "then" } },
    { status: { phase: "pending", created_at: "then" } },
  ]);
  const [next] = nextEnvelopes(envelope, [{ payload: 1, route, status: { deadline_at: "soon" } }]);
  expect(next?.status).toEqual({ phase: "pending" });
});
