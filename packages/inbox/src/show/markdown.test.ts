import { describe, expect, it } from "vitest";

import { noImageHosts, readImageHosts } from "./image-hosts.ts";
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
  const shown = String(renderMarkdown(text, noImageHosts));
  expect(shown).toMatch(expected);
  expect(shown).not.toMatch(/<(?:script|img|svg|iframe|style|form|input)/iu);
  expect(shown).not.toMatch(/(?:href|src)="(?!https?:\/\/|mailto:)/iu);
});

it("says where a link leads, whatever it is called", () => {
  const shown = String(
    renderMarkdown("[https://bank.example](https://evil.example/bank.example) and <mailto:a@b.example>", noImageHosts),
  );
  expect(shown).toContain('<span class="place">(evil.example)</span>');
  expect(shown).toContain('<span class="place">(a@b.example)</span>');
  expect(shown).toContain('rel="noopener noreferrer nofollow"');
});

it("shows what would turn a text around", () => {
  expect(String(renderMarkdown("pay \u202e0005\u202c", noImageHosts))).toContain(String.raw`pay \u202e0005\u202c`);
});

describe("an image", () => {
  const hosts = readImageHosts(["images.example", "localhost:8443"]);
  const shown = (text: string): string => String(renderMarkdown(text, hosts));

  it.each(["https://images.example/a.png", "https://localhost:8443/a?b=c", "https://IMAGES.example/A"])(
    "of a host that is allowed is shown: %s",
    (address) => {
      expect(shown(`![A "photo"](${address})`)).toMatch(/<img [^>]*alt="A &quot;photo&quot;"/u);
      expect(shown(`![a](${address})`)).toContain('referrerpolicy="no-referrer"');
    },
  );

  it.each([
    "http://images.example/a.png",
    "https://images.example.evil.example/a.png",
    "https://images.example@evil.example/a.png",
    "https://user@images.example/a.png",
    "https://images.example:8443/a.png",
    "https://evil.example/?https://images.example/",
  ])("of any other is a link, which says where to: %s", (address) => {
    expect(shown(`![photo](${address})`)).not.toContain("<img");
    expect(shown(`![photo](${address})`)).toContain(`href="${address}"`);
    expect(shown(`![photo](${address})`)).toContain(`(${new URL(address).host})`);
  });

  it.each([
    "",
    "*",
    "*.example.com",
    "https://a.example",
    "a.example/",
    "a.example 'unsafe-inline'",
    "a b",
    "A.example",
  ])("has no host %j", (host) => {
    expect(() => readImageHosts([host])).toThrow("imageHosts[0]: expected a host");
  });
});
