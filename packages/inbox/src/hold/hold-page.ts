import type { HoldDetails } from "@holdpoint/core/holds";
import { isSamePerson } from "@holdpoint/core/holds";

import type { DeliveryStatus } from "../couriers/outbox.ts";
import { layout } from "../frame/layout.ts";
import type { InboxContext } from "../inbox-context.ts";
import { itemPath } from "../inbox-context.ts";
import { labelledHold } from "../rules/access.ts";
import { timeTag } from "../show/describe-time.ts";
import type { Html } from "../show/html.ts";
import { html, nothing } from "../show/html.ts";
import { jsonTree } from "../show/json-tree.ts";
import { logSection } from "../show/log-section.ts";
import { renderMarkdown } from "../show/markdown.ts";
import { personTag } from "../show/person-tag.ts";
import { stateNames } from "../show/state-name.ts";
import { visibleText } from "../show/visible-text.ts";
import type { Viewer } from "../viewer.ts";
import { answerForm } from "./answer-form.ts";
import { decidedSection, votesSection } from "./decided-section.ts";
import { deliverySection } from "./delivery-section.ts";
import type { SentForm } from "./hold-form.ts";
import { settleForm } from "./settle-form.ts";

/** What the page says besides the hold itself. */
export interface HoldPageOptions {
  /** What became of what was just sent. */
  readonly notice?: string | undefined;
  readonly sent?: SentForm | undefined;
  /** How far what was decided has been delivered. */
  readonly deliveries?: readonly DeliveryStatus[] | undefined;
}

/** The page of one hold: what is asked, about what, and the form; or what was answered. */
export function holdPage(
  context: InboxContext,
  viewer: Viewer,
  hold: HoldDetails,
  { notice, sent, deliveries = [] }: HoldPageOptions = {},
): Html {
  const now = context.now();
  const { id, state, question } = hold;
  return layout(
    context,
    { title: hold.message ?? id, viewer, isLive: viewer.link === undefined },
    html`<article>
      ${notice === undefined ? nothing : html`<p class="notice" role="status">${notice}</p>`}
      ${viewer.link === undefined ? changedNotice(context, id) : nothing}
      <h1 class="${askedClass(hold.message)}" dir="auto">${visibleText(hold.message ?? id)}</h1>
      <p class="facts">${facts(hold, now)}</p>
      ${state === "in-doubt" && maySettle(context, viewer, hold) ? settleForm(context, viewer, hold) : nothing}
      ${state === "waiting" ? nothing : decidedSection(hold, viewer, now)}
      ${deliveries.length === 0 ? nothing : deliverySection(context, viewer, hold, deliveries, maySettle(context, viewer, hold))}
      ${question?.details === undefined ? nothing : html`<div class="prose" dir="auto">${renderMarkdown(question.details, context.imageHosts)}</div>`}
      ${hold.content === undefined || hold.content === null ? nothing : contentSection(context, viewer, hold)}
      ${state === "waiting" ? html`${votesSection(hold, viewer, now)}${askSection(context, viewer, hold, sent)}` : nothing}
      ${logSection(hold.log, hold.logCut)}
      <p class="id">${visibleText(id)}</p>
    </article>`,
  );
}

/** Shown once somebody else has changed it: what is being written stays as it is. */
function changedNotice(context: InboxContext, id: string): Html {
  const address = itemPath(context, "hold", id);
  return html`<p class="notice" role="status" hidden data-changed="hold ${id}" data-events="${context.base}events">
    This has changed meanwhile. <a href="${address}">Look again</a>
  </p>`;
}

/** A question that is a whole paragraph is not shouted. */
export function askedClass(message: string | undefined): string {
  return (message?.length ?? 0) > 120 ? "asked long" : "asked";
}

function facts(
  { state, openedAt, openedBy, openedVia, expiresAt, labels, claim }: HoldDetails,
  now: Date,
): readonly Html[] {
  return [
    ...(state === "waiting" ? [] : [html`<span class="state">${stateNames[state]}</span>`]),
    ...(openedAt === undefined ? [] : [html`<span>asked ${timeTag(openedAt, now)}</span>`]),
    ...(openedBy === undefined ? [] : [html`<span>by ${personTag(openedBy, openedVia)}</span>`]),
    ...(state === "waiting" && expiresAt !== undefined ? [html`<span>expires ${timeTag(expiresAt, now)}</span>`] : []),
    ...(state === "acting" && claim !== undefined
      ? [html`<span>under way since ${timeTag(claim.at, now)}</span>`]
      : []),
    ...Object.entries(labels).map(
      ([name, value]) => html`<span class="label"><bdi>${visibleText(`${name}=${value}`)}</bdi></span>`,
    ),
  ];
}

function contentSection(context: InboxContext, viewer: Viewer, { id, content }: HoldDetails): Html {
  const tree = jsonTree(content, context.imageHosts);
  return html`<section class="content" aria-label="Content">
    ${tree.html}
    ${
      tree.isWhole
        ? nothing
        : html`<p class="hint">
            This is not all of it. <a href="${itemPath(context, "content", id, viewer)}">Open the whole content</a>
          </p>`
    }
  </section>`;
}

function askSection(context: InboxContext, viewer: Viewer, hold: HoldDetails, sent: SentForm | undefined): Html {
  const { notBy, approvals, votes, question } = hold;
  if (!context.access.mayAnswer(viewer, labelledHold(hold))) {
    return html`<p class="notice">You may look at this. Others answer it.</p>`;
  }
  const decisions = question?.kind === "input" ? [undefined] : (question?.decisions ?? []);
  if (!decisions.some((decision) => context.access.mayDecide(viewer.person, hold, decision))) {
    return html`<p class="notice">You have asked this. Somebody else has to answer it.</p>`;
  }
  if (notBy.some((person) => isSamePerson(person, viewer.person))) {
    return html`<p class="notice">Somebody else has to answer this: whoever asked said that you may not.</p>`;
  }
  if ((approvals > 1 || notBy.length > 0) && typeof viewer.person === "string") {
    return html`<p class="notice">
      This needs people who are told apart for certain. A name is not enough: log in where an identity provider vouches
      for you.
    </p>`;
  }
  if (votes.some(({ by }) => isSamePerson(by, viewer.person))) {
    return html`<p class="notice">You have answered; others have to as well.</p>`;
  }
  return html`<section aria-label="Your answer">${answerForm(context, viewer, hold, sent)}</section>`;
}

/** Whether somebody may say what happened: a link is for an answer. */
export function maySettle({ access }: InboxContext, viewer: Viewer, hold: HoldDetails): boolean {
  return viewer.link === undefined && access.mayAnswer(viewer, labelledHold(hold));
}
