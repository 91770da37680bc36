import type { InboxContext } from "../inbox-context.ts";
import { beginningOf, visibleText } from "../show/visible-text.ts";
import type { Html } from "../show/html.ts";
import { html, nothing } from "../show/html.ts";
import { personTag } from "../show/person-tag.ts";
import type { Viewer } from "../viewer.ts";
import { formPurpose } from "../viewer.ts";
import { livePath } from "../live/live-script.ts";
import { stylePath } from "./style.ts";

/** What every page has. */
export interface LayoutOptions {
  readonly title: string;
  readonly viewer?: Viewer | undefined;
  /** Which of the pages in the header this is. */
  readonly current?: "waiting" | "answered" | undefined;
  /** Whether it is kept up to date while it stands open. @default false */
  readonly isLive?: boolean | undefined;
  /** Loads the page again by itself after so many seconds. */
  readonly refreshSeconds?: number | undefined;
}

/** What the token of the form that logs out is made for. */
export function logoutPurpose(viewer: Viewer): string {
  return formPurpose(viewer, "logout");
}

/** A whole page. */
export function layout(context: InboxContext, options: LayoutOptions, body: Html): Html {
  const { base } = context;
  const { title, viewer, current, refreshSeconds, isLive = false } = options;
  const link = (name: typeof current, path: string, text: string): Html =>
    html`<a href="${base}${path}" ${current === name ? html`aria-current="page"` : nothing}>${text}</a>`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        ${refreshSeconds === undefined ? nothing : html`<meta http-equiv="refresh" content="${refreshSeconds}" />`}
        <title>${visibleText(beginningOf(title, 80))} · Inbox</title>
        <link rel="stylesheet" href="${base}${stylePath}" />
        <link rel="icon" href="${base}icon.svg" type="image/svg+xml" />
        ${isLive ? html`<script src="${base}${livePath}" defer></script>` : nothing}
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header>
          <div class="bar">
            ${
              viewer === undefined || viewer.link !== undefined
                ? html`<span class="mark">Inbox</span>`
                : html`<nav aria-label="Pages">
                      ${link("waiting", "", "Waiting")} ${link("answered", "answered", "Answered by me")}
                    </nav>
                    <form method="post" action="${base}logout" class="who">
                      <input type="hidden" name="token" value="${context.tokens.issue(logoutPurpose(viewer))}" />
                      <span class="name"
                        >${viewer.name === undefined ? personTag(viewer.person) : visibleText(viewer.name)}</span
                      >
                      ${context.login.kind === "proxy" ? nothing : html`<button class="quiet">Log out</button>`}
                    </form>`
            }
          </div>
        </header>
        <main id="main">${body}</main>
      </body>
    </html> `;
}
