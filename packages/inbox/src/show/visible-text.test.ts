import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { html } from "./html.ts";
import { beginningOf, visibleText } from "./visible-text.ts";

describe("visibleText", () => {
  it("leaves the writing of any language as it is, and lines and tabs", () => {
    for (const text of ["Zoë\n\tå", "שלום\u200f", "می\u200cخواهم", "👩\u200d💻", "नमस्ते"])
      expect(visibleText(text)).toBe(text);
  });

  it("shows what a page would not, or would show in another order", () => {
    expect(visibleText("a\u0000\u001b[31m\u202e\u2066\u200b\ufeff\ud800\u{e0041}")).toBe(
      String.raw`a\u0000\u001b[31m\u202e\u2066\u200b\ufeff\ud800\ue0041`,
    );
  });

  it("lets no markup through, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const shown = String(html`<i title="${visibleText(text)}">${visibleText(text)}</i>`);
        expect(shown.match(/[<>"]/gu)).toEqual(["<", '"', '"', ">", "<", ">"]);
        expect(shown.isWellFormed()).toBe(true);
      }),
    );
  });
});

it("beginningOf cuts no character in two", () => {
  expect(beginningOf("ab😀", 3)).toBe("ab…");
  expect(beginningOf("ab😀", 4)).toBe("ab😀");
});
