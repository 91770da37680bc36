import { createHash } from "node:crypto";

/**
 * What keeps a page up to date that stands open; without it, everything works by loading the page again. It is told ids
 * only, and asks for the page itself, so that a page never shows more than its reader may see.
 */
export const liveScript = `"use strict";
const live = [...document.querySelectorAll("[data-live]")];
const changed = document.querySelector("[data-changed]");

async function refresh() {
  const response = await fetch(location.href);
  if (!response.ok || response.redirected) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const focused = document.activeElement?.getAttribute("href");
  for (const part of live) {
    const fresh = page.querySelector('[data-live="' + part.dataset.live + '"]');
    if (fresh !== null && fresh.innerHTML !== part.innerHTML) part.replaceChildren(...fresh.childNodes);
  }
  // Whoever goes by the keyboard stays where they were.
  if (focused && document.activeElement === document.body) {
    [...document.links].find((link) => link.getAttribute("href") === focused)?.focus();
  }
}

function told(ids) {
  if (live.length > 0) void refresh().catch(() => undefined);
  // What somebody is writing stays as it is.
  if (changed !== null && ids.includes(changed.dataset.changed)) changed.hidden = false;
}

const watched = document.querySelector("[data-events]");
if (watched !== null) {
  const source = new EventSource(watched.dataset.events);
  let polling;
  source.addEventListener("open", () => {
    clearInterval(polling);
    polling = undefined;
    // What changed while nobody was told.
    if (live.length > 0) void refresh().catch(() => undefined);
  });
  source.addEventListener("changed", (event) => told(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    // Where streams do not pass, a look now and then does.
    if (live.length > 0) polling ??= setInterval(() => void refresh().catch(() => undefined), 15000);
  });
}
`;

/** The address of the script, which changes whenever it does. */
export const livePath: string = `live-${createHash("sha256").update(liveScript).digest("hex").slice(0, 12)}.js`;
