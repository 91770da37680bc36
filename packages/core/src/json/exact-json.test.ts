import { runInNewContext } from "node:vm";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { exactJson } from "./exact-json.ts";
import { exactNumber } from "./json-number.ts";
import { parseLosslessJson } from "./lossless-json.ts";
import { isSameJson } from "./same-json.ts";

function problemsOf(value: unknown): readonly string[] {
  const problems: string[] = [];
  exactJson(value, "it", (problem) => problems.push(problem));
  return problems;
}

const sparse: unknown[] = [1, 2, 3];
// oxlint-disable-next-line typescript/no-array-delete -- the gap is what is tested
delete sparse[1];
class Money {
  readonly amount = 1;
}
class Names extends Array<string> {}

/** What JSON.stringify would drop, change or refuse. */
const strangers: readonly (readonly [string, unknown])[] = [
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["a BigInt", 10n],
  ["a symbol", Symbol("s")],
  ["a function", () => 1],
  ["a class", Money],
  ["a Date", new Date(0)],
  ["an invalid Date", new Date(Number.NaN)],
  ["a Map", new Map([[1, 2]])],
  ["a Set", new Set([1])],
  ["a RegExp", /a/u],
  ["an Error", new Error("e")],
  ["bytes", new Uint8Array(2)],
  ["a Buffer", Buffer.from("a")],
  ["an instance", new Money()],
  ["a String object", Object("text")],
  ["a Number object", Object(1)],
  ["a Boolean object", Object(true)],
  ["a list of a class", new Names("a")],
  ["a promise", Promise.resolve(1)],
  ["an object with toJSON", { toJSON: () => 1 }],
  ["an object that inherits", Object.create({ a: 1 })],
  ["a property named by a symbol", { [Symbol("s")]: 1 }],
  ["a property that is not enumerable", Object.defineProperty({}, "a", { value: 1 })],
  ["a gap", sparse],
  ["a list with a name", Object.assign([1], { name: 2 })],
  ["raw JSON that is no number", (JSON as unknown as { rawJSON: (text: string) => unknown }).rawJSON('"text"')],
  ["a Date of another realm", runInNewContext("new Date(0)")],
  ["a Map of another realm", runInNewContext("new Map()")],
];

describe("exactJson", () => {
  it.each(strangers)("reports %s, at the root and at any depth", (_name, stranger) => {
    expect(problemsOf(stranger)).toHaveLength(1);
    for (const holder of [[stranger], { a: stranger }, { a: [{ b: [1, stranger] }] }]) {
      expect(problemsOf(holder)).toEqual([expect.stringMatching(/^it[.[]/u)]);
    }
  });

  it("reports undefined where it would become null, and takes it for absent as a property", () => {
    expect(problemsOf(undefined)).toEqual(["it is undefined"]);
    expect(problemsOf({ a: [1, undefined] })).toEqual(["it.a[1] is undefined"]);
    expect(problemsOf({ a: undefined })).toEqual([]);
  });

  it("takes whatever JSON text can be, and gives it back as it was", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const value = parseLosslessJson(text);
        expect(problemsOf(value)).toEqual([]);
        expect(exactJson(value, "it", () => {})).toBe(value);
      }),
    );
  });

  it.each([
    ["without a prototype", Object.assign(Object.create(null), { a: 1 })],
    ["of another realm", runInNewContext("({ a: [1, { b: null }] })")],
    ["with a property called __proto__", JSON.parse('{"__proto__":{"a":1}}')],
    ["frozen", Object.freeze({ a: Object.freeze([1]) })],
  ])("takes a plain object %s", (_name, value) => {
    expect(problemsOf(value)).toEqual([]);
  });

  it("keeps the sign of zero, and leaves the value itself alone", () => {
    const value = { a: [-0, 0], b: { c: -0 }, d: 1 };
    expect(JSON.stringify(exactJson(value, "it", () => {}))).toBe('{"a":[-0,0],"b":{"c":-0},"d":1}');
    expect(value).toEqual({ a: [-0, 0], b: { c: -0 }, d: 1 });
  });
});

describe("exactNumber", () => {
  it.each([
    ["0", "0"],
    ["-0", "0"],
    ["0.000", "0"],
    ["0e99", "0"],
    ["1.0", "1"],
    ["1E+2", "100"],
    ["-1.50", "-15e-1"],
    ["100e-2", "1"],
    ["9007199254740993", "9007199254740993"],
    ["12345678901234567890.0", "12345678901234567890"],
    ["1e400", "1e400"],
    ["1e99999999999999999999", "1e99999999999999999999"],
  ])("%s is %s", (text, exact) => {
    expect(exactNumber(parseLosslessJson(text))).toBe(exact);
  });

  it.each([["text"], [null], [true], [Number.NaN], [Number.POSITIVE_INFINITY], [[1]], [{}], [undefined]])(
    "%j has none",
    (value) => {
      expect(exactNumber(value)).toBeUndefined();
    },
  );

  it("is the same for every way to write a value, and another for another value", () => {
    const digits = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
    fc.assert(
      fc.property(digits, digits, fc.nat({ max: 20 }), (left, right, zeros) => {
        const plain = exactNumber(parseLosslessJson(`${left}`));
        expect(plain).toBe(`${left}`.replace(/^-0$/u, "0"));
        expect(exactNumber(parseLosslessJson(`${left}.${"0".repeat(zeros + 1)}`))).toBe(plain);
        expect(exactNumber(parseLosslessJson(left === 0n ? "0e5" : `${left}${"0".repeat(zeros)}e-${zeros}`))).toBe(
          plain,
        );
        expect(exactNumber(parseLosslessJson(`${right}`)) === plain).toBe(left === right);
      }),
    );
  });
});

describe("isSameJson", () => {
  it.each([
    ["1", "1.0", true],
    ['[1,{"a":2.50}]', '[1.0,{"a":25e-1}]', true],
    ['{"a":1,"b":2}', '{"b":2.0,"a":1}', true],
    ["9007199254740993", "9007199254740992", false],
    ["-0", "0", true],
    ['"1"', "1", false],
    ["[1]", "1", false],
    ["null", "0", false],
    ["true", "1", false],
  ])("%s and %s: %s", (left, right, same) => {
    expect(isSameJson(parseLosslessJson(left), parseLosslessJson(right))).toBe(same);
  });
});
