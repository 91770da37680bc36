import type { InboxContext } from "../inbox-context.ts";
import { itemPath } from "../inbox-context.ts";
import type { ListedItem } from "../listing/listed-item.ts";
import { timeTag } from "../show/describe-time.ts";
import type { Html } from "../show/html.ts";
import { html, nothing } from "../show/html.ts";
import { personTag } from "../show/person-tag.ts";
import { stateNames } from "../show/state-name.ts";
import { visibleText } from "../show/visible-text.ts";
import { labelsOf } from "./waiting-filter.ts";

/** One item of a list, which leads to its page. */
export function itemRow(context: InboxContext, item: ListedItem, facts: readonly Html[]): Html {
  const { kind, id, question } = item;
  const all = [
    ...facts,
    ...labelsOf(item).map((label) => html`<span class="label"><bdi>${visibleText(label)}</bdi></span>`),
  ];
  return html`<li>
    <a class="item" href="${itemPath(context, kind, id)}">
      <span class="question" dir="auto">${visibleText(question ?? id)}</span>
    </a>
    <p class="facts">${all}</p>
  </li>`;
}

/** Where an item stands, since when it waits, who asked, where it goes, and when it expires. */
export function waitingFacts(item: ListedItem, now: Date): readonly Html[] {
  const { openedAt, askedBy, askedVia, goesTo, expiresAt, state, since } = item;
  const isWaiting = state === "waiting";
  return [
    ...(isWaiting ? [] : [html`<span class="state">${stateNames[state]}</span>`]),
    ...(openedAt === undefined ? [] : [html`<span>${timeTag(openedAt, now)}</span>`]),
    ...(askedBy === undefined ? [] : [html`<span>${personTag(askedBy, askedVia)}</span>`]),
    ...(goesTo.length === 0 ? [] : [goesToFact(goesTo)]),
    ...(isWaiting && expiresAt !== undefined ? [expiryFact(expiresAt, now)] : []),
    ...(isWaiting || since === undefined ? [] : [html`<span>changed ${timeTag(since, now)}</span>`]),
  ];
}

/** Where a task goes once it is answered. */
export function goesToFact(actors: readonly string[]): Html {
  return html`<span>goes to <bdi>${visibleText(actors.join(", "))}</bdi></span>`;
}

const soonMs = 3_600_000;

function expiryFact(expiresAt: Date, now: Date): Html {
  const isSoon = expiresAt.getTime() - now.getTime() < soonMs;
  return html`<span ${isSoon ? html`class="soon"` : nothing}>expires ${timeTag(expiresAt, now)}</span>`;
}
