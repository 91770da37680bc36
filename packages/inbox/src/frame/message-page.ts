import type { InboxContext } from "../inbox-context.ts";
import type { Html } from "../show/html.ts";
import { html, nothing } from "../show/html.ts";
import type { Viewer } from "../viewer.ts";
import { layout } from "./layout.ts";

/** A page that says one thing. */
export interface Message {
  readonly title: string;
  readonly text: string;
  /** Where to go from here. */
  readonly link?: { readonly path: string; readonly text: string } | undefined;
  readonly refreshSeconds?: number | undefined;
}

/** A page that says what went wrong, and what to do. */
export function messagePage(context: InboxContext, viewer: Viewer | undefined, message: Message): Html {
  const { title, text, link, refreshSeconds } = message;
  return layout(
    context,
    { title, viewer, refreshSeconds },
    html`<section class="message">
      <h1>${title}</h1>
      <p>${text}</p>
      ${link === undefined ? nothing : html`<p><a href="${link.path}">${link.text}</a></p>`}
    </section>`,
  );
}
