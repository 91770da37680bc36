import MarkdownIt from "markdown-it";

import type { Html } from "./html.ts";
import { raw } from "./html.ts";
import type { ImageHosts } from "./image-hosts.ts";
import { imageTag, mayShowImage } from "./image-hosts.ts";
import { visibleText } from "./visible-text.ts";

// No markup of the asker's own, and links to nothing but pages and addresses of mail.
const markdown = new MarkdownIt("default", { html: false, linkify: false });
markdown.validateLink = (url) => /^(?:https?:\/\/|mailto:)/iu.test(url.trim());

// An address is shown beside what it is called, because it is the address that counts.
markdown.renderer.rules["link_open"] = (tokens, index, options, _env, self) => {
  tokens[index]?.attrSet("rel", "noopener noreferrer nofollow");
  return self.renderToken(tokens, index, options);
};
markdown.renderer.rules["link_close"] = (tokens, index, options, _env, self) => {
  const opening = tokens.slice(0, index).findLast(({ type }) => type === "link_open");
  const href = String(opening?.attrGet("href") ?? "");
  return `${self.renderToken(tokens, index, options)} <span class="place">(${placeOf(href)})</span>`;
};
// An image of a host that nobody has allowed is a link: loading it would tell its host who looks, and when.
markdown.renderer.rules["image"] = (tokens, index, _options, env) => {
  const token = tokens[index];
  const [address, alt] = [String(token?.attrGet("src") ?? ""), token?.content ?? ""];
  if (mayShowImage(address, env?.["imageHosts"] as ImageHosts)) return String(imageTag(address, alt));
  const [href, text] = [address, alt === "" ? address : alt].map((part) => markdown.utils.escapeHtml(part));
  return `<a href="${href}" rel="noopener noreferrer nofollow">${text}</a> <span class="place">(${placeOf(address)})</span>`;
};
// Headings of an asker stand below those of the page.
for (const rule of ["heading_open", "heading_close"]) {
  markdown.renderer.rules[rule] = (_tokens, _index) => (rule === "heading_open" ? '<p class="heading">' : "</p>\n");
}

/** Markdown as a page may show it. */
export function renderMarkdown(text: string, imageHosts: ImageHosts): Html {
  return raw(markdown.render(visibleText(text), { imageHosts }));
}

/** Where an address leads, as markup. */
function placeOf(href: string): string {
  return markdown.utils.escapeHtml(/^mailto:/iu.test(href) ? href.slice("mailto:".length) : hostOf(href));
}

function hostOf(href: string): string {
  try {
    return new URL(href).host;
  } catch {
    return href;
  }
}
