import fc from "fast-check";
import { expect, it } from "vitest";

import { canonicalJson, isCanonical, isJsonNumber, parseLosslessJson } from "./lossless-json.ts";

const integer = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }).map(String);
const decimal = fc
  .tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.stringMatching(/^\d{1,20}$/u))
  .map(([whole, part]) => `${whole}.${part}`);
const scientific = fc
  .tuple(decimal, fc.integer({ min: -30, max: 30 }))
  .map(([base, exponent]) => `${base}e${exponent}`);

// Two JSON numbers are the same if they have the same digits at the same place.
function valueOf(number: string): string {
  const [, sign = "", whole = "", part = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/u.exec(number) ?? [];
  const digits = (whole + part).replace(/^0+/u, "");
  const significant = digits.replace(/0+$/u, "");
  return `${sign}${significant}e${Number(exponent) - part.length + digits.length - significant.length}`;
}

it("keeps the value of every number, whole numbers whole and fractions fractions", () => {
  fc.assert(
    fc.property(fc.oneof(integer, decimal, scientific), fc.boolean(), (number, nested) => {
      const text = nested ? `{"a":[{"n": ${number} }]}` : `{"n":${number}}`;
      const written = /"n": ?([^ }]+)/u.exec(JSON.stringify(parseLosslessJson(text)))?.[1] ?? "";
      expect(valueOf(written)).toBe(valueOf(number));
      if (/^-?\d+$/u.test(number)) expect(written).toBe(number);
    }),
    { numRuns: 2_000 },
  );
});

it.each(["12345678901234567890", "1.0", "-0", "1e5", "0.10", "-0.0"])("writes %s as it was", (number) => {
  const text = `{"n":${number},"text":"1.0"}`;
  const value = parseLosslessJson(text) as { readonly n: unknown };
  expect(JSON.stringify(value)).toBe(text);
  expect(isJsonNumber(value.n)).toBe(true);
});

it.each(["1.0", " 1.0", "[1.0]", "[ 1.0]", "[\n\t1.0\r\n]", '{"n" : 1.0}', "[1,1.0]", "[1 , 1.0]"])(
  "finds a number in %j",
  (text) => {
    expect(JSON.stringify(parseLosslessJson(text))).toBe(text.replaceAll(/\s/gu, ""));
  },
);

it("reads whatever else JSON holds as JSON.parse does", () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(JSON.parse(JSON.stringify(parseLosslessJson(text)))).toEqual(JSON.parse(JSON.stringify(JSON.parse(text))));
    }),
  );
});

it("writes equal values the same, whatever the order of their names", () => {
  const left = parseLosslessJson('{"b":1.0,"a":{"d":[1,{"y":1,"x":2}],"c":null}}');
  const right = parseLosslessJson('{"a":{"c":null,"d":[1,{"x":2,"y":1}]},"b":1.0}');
  expect(canonicalJson(left)).toBe(canonicalJson(right));
});

it.each([2, 3, 16, 17, 100])("puts %i names in order", (count) => {
  const names = fc.uniqueArray(fc.string(), { minLength: count, maxLength: count, size: "max" });
  fc.assert(
    fc.property(names, (given) => {
      const sorted = Object.fromEntries(given.toSorted().map((name) => [name, 1]));
      expect(canonicalJson(Object.fromEntries(given.map((name) => [name, 1])))).toBe(JSON.stringify(sorted));
    }),
  );
});

it("writes different values differently: what is written can be read back", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
  expect(canonicalJson({ a: undefined, b: parseLosslessJson("[1.0,-0]") })).toBe('{"b":[1.0,-0]}');
});

it("writes what a copy in order would be, whose names are integers, or who writes itself", () => {
  const copy = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(copy);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .toSorted(([left], [right]) => (left < right ? -1 : 1))
        .map(([name, item]) => [name, copy(item)]),
    );
  };
  fc.assert(
    fc.property(fc.object({ key: fc.constantFrom("a", "b", "10", "9", "__proto__", "toJSON") }), (value) => {
      expect(canonicalJson(value)).toBe(JSON.stringify(copy(value)));
    }),
  );
  expect(canonicalJson({ at: new Date(0), b: 1 })).toBe('{"at":{},"b":1}');
});

it("JSON.stringify writes what is canonical as canonicalJson does", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const ordered: unknown = JSON.parse(canonicalJson(value));
      for (const each of [value, ordered])
        if (isCanonical(each)) expect(JSON.stringify(each)).toBe(canonicalJson(each));
    }),
  );
  expect(isCanonical({ a: [{ b: 1, c: parseLosslessJson("1.0") }], d: null })).toBe(true);
  expect(isCanonical({ a: [{ c: 1, b: 2 }] })).toBe(false);
});
