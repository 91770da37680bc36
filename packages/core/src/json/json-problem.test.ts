import { runInNewContext } from "node:vm";

import fc from "fast-check";
import { expect, it } from "vitest";

import { jsonProblem } from "./json-problem.ts";
import { canonicalJson, parseLosslessJson } from "./lossless-json.ts";

it("takes whatever JSON can say, and it is read back as it was", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(jsonProblem(value, "it")).toBeUndefined();
      expect(canonicalJson(JSON.parse(JSON.stringify(value)))).toBe(canonicalJson(value));
    }),
  );
});

it("takes numbers kept as text, names without a value, and plain objects of another realm", () => {
  expect(jsonProblem(parseLosslessJson('{"n":[1.0,12345678901234567890]}'), "it")).toBeUndefined();
  expect(jsonProblem({ a: undefined }, "it")).toBeUndefined();
  expect(jsonProblem(runInNewContext("({ a: [1] })"), "it")).toBeUndefined();
  expect(jsonProblem(Object.create(null), "it")).toBeUndefined();
});

it.each([
  [Number.NaN, "it.a[1] is NaN"],
  [Number.NEGATIVE_INFINITY, "it.a[1] is -Infinity"],
  [undefined, "it.a[1] is undefined"],
  [10n, "it.a[1] is a bigint"],
  [() => 1, "it.a[1] is a function"],
  [Symbol("s"), "it.a[1] is a symbol"],
  [new Date(0), "it.a[1] is a Date, not a plain object"],
  [new Map(), "it.a[1] is a Map, not a plain object"],
  [new Uint8Array(1), "it.a[1] is a Uint8Array, not a plain object"],
  [runInNewContext("new Date(0)"), "it.a[1] is a Date, not a plain object"],
])("names %s, which JSON would change or leave out", (value, problem) => {
  expect(jsonProblem({ a: [1, value] }, "it")).toBe(problem);
});

it("names a hole, a toJSON, what is named by a symbol and a value that contains itself", () => {
  // eslint-disable-next-line no-sparse-arrays
  expect(jsonProblem([, 1], "it")).toBe("it is a list with a gap or with properties of its own");
  expect(jsonProblem({ toJSON: () => 1 }, "it")).toBe("it.toJSON is a function");
  expect(jsonProblem({ [Symbol("s")]: 1 }, "it")).toContain("a property that JSON leaves out");
  const loop: Record<string, unknown> = {};
  loop["loop"] = loop;
  expect(jsonProblem(loop, "it")).toMatch(/^it is nested too deep, or contains itself$/u);
});
