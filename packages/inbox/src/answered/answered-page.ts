import type { AnswerSummary } from "@holdpoint/core/holds";
import { isSamePerson } from "@holdpoint/core/holds";

import { layout } from "../frame/layout.ts";
import type { InboxContext } from "../inbox-context.ts";
import type { KnownItems } from "../listing/item-list.ts";
import type { ListedItem } from "../listing/listed-item.ts";
import { pastDecisionName } from "../hold/decision-name.ts";
import { timeTag } from "../show/describe-time.ts";
import type { Html } from "../show/html.ts";
import { html, nothing } from "../show/html.ts";
import { stateNames } from "../show/state-name.ts";
import { visibleText } from "../show/visible-text.ts";
import type { Viewer } from "../viewer.ts";
import { itemRow } from "../waiting/item-row.ts";

/** More than that nobody looks through. */
const maxShown = 200;

/** The page *Answered by me*: what the viewer has answered, the latest first. */
export function answeredPage(context: InboxContext, viewer: Viewer, { items, isComplete }: KnownItems): Html {
  const now = context.now();
  const mine = items
    .map((item) => ({ item, answer: answerOf(item, viewer) }))
    .filter((each): each is { readonly item: ListedItem; readonly answer: AnswerSummary } => each.answer !== undefined)
    .toSorted((left, right) => right.answer.at.getTime() - left.answer.at.getTime());
  const row = ({ item, answer }: (typeof mine)[number]): Html =>
    itemRow(context, item, [
      html`<span class="state"
        >${answer.decision === undefined ? "Answered" : visibleText(pastDecisionName({ name: answer.decision }))}</span
      >`,
      html`<span>${timeTag(answer.at, now)}</span>`,
      ...(isSaid(item) ? [] : [html`<span>${stateNames[item.state]}</span>`]),
    ]);
  return layout(
    context,
    { title: "Answered by me", viewer, current: "answered", refreshSeconds: isComplete ? undefined : 2, isLive: true },
    html`<div class="heading"><h1>Answered by me</h1></div>
      ${isComplete ? nothing : html`<p class="notice" role="status">The store is still being read.</p>`}
      <div data-live="list" data-events="${context.base}events">
        ${
          mine.length === 0
            ? html`<p class="empty">You have answered nothing yet.</p>`
            : html`<ul class="items">
                ${mine.slice(0, maxShown).map(row)}
              </ul>`
        }
        ${mine.length > maxShown ? html`<p class="hint">These are the latest ${maxShown}.</p>` : nothing}
      </div>`,
  );
}

/** Whether the answer itself says where the item stands. */
function isSaid({ state }: ListedItem): boolean {
  return state === "answered" || state === "rejected";
}

function answerOf({ answers }: ListedItem, { person }: Viewer): AnswerSummary | undefined {
  return answers.findLast(({ by }) => isSamePerson(by, person));
}
