import { expect, it } from "vitest";

import { renderMarkdown } from "./markdown.ts";

it.each([
  ["<script>alert(1)</script>", /&lt;script&gt;/u],
  ["<img src=x onerror=alert(1)>", /&lt;img/u],
  ["[click](javascript:alert(1))", /\[click\]\(javascript:alert\(1\)\)/u],
  ["[click](JaVaScRiPt&colon;alert(1))", /\[click\]/u],
  ["[click](java\tscript:alert(1))", /\[click\]/u],
  ["[click](data:text/html;base64,PHN2Zz4=)", /\[click\]/u],
  ["[click](vbscript:x)", /\[click\]/u],
  ["[click](file:///etc/passwd)", /\[click\]/u],
  ["[click](/logout)", /\[click\]/u],
  ["![pixel](https://evil.example/p.png)", /^(?!.*<img)/su],
  ['[x](https://a.example "\\" onmouseover=alert(1)")', /^(?!.*" onmouseover)/su],
  ["<https://a.example/><b>", /&lt;b&gt;/u],
])("nothing in %s acts", (text, expected) => {
  const shown = String(renderMarkdown(text));
  expect(shown).toMatch(expected);
  expect(shown).not.toMatch(/<(?:script|img|svg|iframe|style|form|input)/iu);
  expect(shown).not.toMatch(/(?:href|src)="(?!https?:\/\/|mailto:)/iu);
});

it("says where a link leads, whatever it is called", () => {
  const shown = String(
    renderMarkdown("[https://bank.example](https://evil.example/bank.example) and <mailto:a@b.example>"),
  );
  expect(shown).toContain('<span class="place">(evil.example)</span>');
  expect(shown).toContain('<span class="place">(a@b.example)</span>');
  expect(shown).toContain('rel="noopener noreferrer nofollow"');
});

it("shows what would turn a text around", () => {
  expect(String(renderMarkdown("pay \u202e0005\u202c"))).toContain(String.raw`pay \u202e0005\u202c`);
});
