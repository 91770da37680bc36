import MarkdownIt from "markdown-it";

import type { Html } from "./html.ts";
import { raw } from "./html.ts";
import { visibleText } from "./visible-text.ts";

// No markup of the asker's own, and links to nothing but pages and addresses of mail.
const markdown = new MarkdownIt("default", { html: false, linkify: false }).disable("image");
markdown.validateLink = (url) => /^(?:https?:\/\/|mailto:)/iu.test(url.trim());

// An address is shown beside what it is called, because it is the address that counts.
markdown.renderer.rules["link_open"] = (tokens, index, options, _env, self) => {
  tokens[index]?.attrSet("rel", "noopener noreferrer nofollow");
  return self.renderToken(tokens, index, options);
};
markdown.renderer.rules["link_close"] = (tokens, index, options, _env, self) => {
  const opening = tokens.slice(0, index).findLast(({ type }) => type === "link_open");
  const href = String(opening?.attrGet("href") ?? "");
  const place = /^mailto:/iu.test(href) ? href.slice("mailto:".length) : hostOf(href);
  return `${self.renderToken(tokens, index, options)} <span class="place">(${markdown.utils.escapeHtml(place)})</span>`;
};
// Headings of an asker stand below those of the page.
for (const rule of ["heading_open", "heading_close"]) {
  markdown.renderer.rules[rule] = (_tokens, _index) => (rule === "heading_open" ? '<p class="heading">' : "</p>\n");
}

/** Markdown as a page may show it. */
export function renderMarkdown(text: string): Html {
  return raw(markdown.render(visibleText(text)));
}

function hostOf(href: string): string {
  try {
    return new URL(href).host;
  } catch {
    return href;
  }
}
