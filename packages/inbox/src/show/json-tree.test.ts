import { parseLosslessJson } from "@holdpoint/core/json";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { jsonTree } from "./json-tree.ts";

const shown = (value: unknown): string => String(jsonTree(value).html);

describe("jsonTree", () => {
  it("has a table for a list of like objects, with numbers as they were written", () => {
    const value = parseLosslessJson('[{"to":"a","amount":12345678901234567890},{"to":"b","amount":1.50}]');
    const text = shown(value);
    expect(text.match(/<tr>/gu)).toHaveLength(3);
    expect(text).toContain("12345678901234567890");
    expect(text).toContain("1.50");
    expect(text).toContain('<td class="number">');
  });

  it("has no table for a list of what differs in kind", () => {
    for (const value of [[{ a: 1 }, 2], [{ a: { b: 1 } }, { a: 2 }], [{ a: 1 }], [{}, {}]]) {
      expect(shown(value)).not.toContain("<table>");
    }
  });

  it("folds what is long, and says when it is not all", () => {
    expect(shown("x".repeat(2_000))).toContain("<details>");
    expect(jsonTree("x".repeat(2_000)).isWhole).toBe(true);
    expect(jsonTree("x".repeat(10_000_000)).isWhole).toBe(false);
    expect(jsonTree(Array.from({ length: 10_000 }, (_, index) => index)).isWhole).toBe(false);
    expect(
      jsonTree(Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`n${index}`, index]))).isWhole,
    ).toBe(false);
  });

  it("stays small and well-formed, whatever it is given", () => {
    const deep = Array.from({ length: 900 }).reduce<unknown>((inner) => [inner], "<b>");
    const wide = Array.from({ length: 1_000 }, () => ({ a: "x".repeat(5_000), b: "<script>" }));
    for (const value of [deep, wide, "\u202e<".repeat(5_000_000)]) {
      const text = shown(value);
      expect(text.length).toBeLessThan(1_500_000);
      expect(text).not.toMatch(/<(?:b|script)>/u);
    }
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = shown(value);
        for (const name of ["dl", "dd", "ul", "li", "table", "details", "bdi"]) {
          const opened = text.match(new RegExp(`<${name}[ >]`, "gu"))?.length ?? 0;
          expect(text.match(new RegExp(`</${name}>`, "gu"))?.length ?? 0).toBe(opened);
        }
      }),
    );
  });
});
