import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { escapeControls, escapeValue, toJsonLine } from "./escape-controls.ts";

// What a terminal may act on, and what makes a text look like another.
const dangerous = /[\p{Cc}\p{Zl}\p{Zp}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{e0000}-\u{e007f}]/u;

const codeUnit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));

describe("escapeControls", () => {
  it.each([
    ["a colour", "\u001B[31mred", String.raw`\u001b[31mred`],
    ["a colour in one character", "\u009B31mred", String.raw`\u009b31mred`],
    ["a title and a bell", "\u001B]0;x\u0007", String.raw`\u001b]0;x\u0007`],
    ["an overwritten line", "no\ryes", String.raw`no\u000dyes`],
    ["another direction", "a\u202Eb", String.raw`a\u202eb`],
    ["a line break and a tab", "a\nb\tc", String.raw`a\nb\tc`],
    ["half a character", "a\uD83D", String.raw`a\ud83d`],
    ["an invisible tag", "a\u{E0041}", String.raw`a\udb40\udc41`],
  ])("shows %s as it is written", (_name, text, shown) => {
    expect(escapeControls(text)).toBe(shown);
  });

  it("leaves what people write, in any language", () => {
    const text = "Grüße, 承認しますか? 👩‍💻 می‌خواهم \\n";
    expect(escapeControls(text)).toBe(text);
  });

  it("keeps lines if asked to, and nothing else", () => {
    expect(escapeControls("a\n\tb\r\u001B", "lines")).toBe(`a\n\tb${String.raw`\u000d\u001b`}`);
  });

  it("lets nothing dangerous through", () => {
    fc.assert(
      fc.property(fc.string({ unit: codeUnit }), (text) => {
        expect(escapeControls(text)).not.toMatch(dangerous);
      }),
    );
  });
});

it("writes JSON that is the same value and does nothing to a terminal", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: codeUnit }), (value) => {
      const line = toJsonLine(value);
      expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(line.slice(0, -1)).not.toMatch(dangerous);
    }),
  );
});

it("shows what is no text as JSON", () => {
  expect([{ a: "\u001B" }, 1, null, undefined].map(escapeValue)).toEqual([
    String.raw`{"a":"\u001b"}`,
    "1",
    "null",
    "nothing",
  ]);
});
