import type { GivenAnswer, HoldDetails } from "@holdpoint/core/holds";
import { isSamePerson } from "@holdpoint/core/holds";

import { timeTag } from "../show/describe-time.ts";
import type { Html } from "../show/html.ts";
import { html, nothing } from "../show/html.ts";
import { jsonTree } from "../show/json-tree.ts";
import { personTag } from "../show/person-tag.ts";
import { visibleText } from "../show/visible-text.ts";
import type { Viewer } from "../viewer.ts";
import { outcomeName, takenName } from "./outcome-name.ts";

/** What became of a hold: the answer, or how it ended without one. */
export function decidedSection(hold: HoldDetails, viewer: Viewer, now: Date): Html {
  const { answer, state } = hold;
  return html`<section class="panel" aria-labelledby="decided">
    <h2 id="decided">${visibleText(outcomeName(hold))}</h2>
    ${answer === undefined ? endLine(hold, now) : answerLines(answer, viewer, now)}
    ${state === "done" ? doneLines(hold, now) : nothing}
    ${answer !== undefined && state === "canceled" ? canceledLines(hold, now) : nothing}
  </section>`;
}

/** Answers that did not suffice yet. */
export function votesSection(hold: HoldDetails, viewer: Viewer, now: Date): Html {
  const { votes, approvals } = hold;
  if (approvals <= 1) return html``;
  return html`<section class="panel" aria-labelledby="votes">
    <h2 id="votes">${approvals} people must approve the same</h2>
    ${
      votes.length === 0
        ? html`<p>Nobody has answered yet.</p>`
        : votes.map(
            (vote) =>
              html`<div class="vote">${answerLines(vote, viewer, now, visibleText(takenName(hold, vote)))}</div>`,
          )
    }
  </section>`;
}

function endLine({ endedBy, since, expiresAt, reason, isDue }: HoldDetails, now: Date): Html {
  // Of one whose time is over, nobody may have written that down yet.
  const end = isDue ? expiresAt : since;
  const when = end === undefined ? nothing : html` ${timeTag(end, now)}`;
  const how = endedBy === undefined ? "It ended" : html`It was ended by ${personTag(endedBy)}`;
  return html`<p>${how}${when}, without an answer.</p>
    ${reasonLine(reason)}`;
}

/** That somebody has ended it, before anybody had acted on its answer. */
function canceledLines({ endedBy, since, reason }: HoldDetails, now: Date): Html {
  const who = endedBy === undefined ? nothing : html` by ${personTag(endedBy)}`;
  const when = since === undefined ? nothing : html` ${timeTag(since, now)}`;
  return html`<p>It was canceled afterwards${who}${when}.</p>
    ${reasonLine(reason)}`;
}

function reasonLine(reason: string | undefined): Html {
  return reason === undefined ? html`` : html`<p class="said" dir="auto">${visibleText(reason)}</p>`;
}

/** @param decided what it has decided, where no headline says so */
function answerLines(answer: GivenAnswer, viewer: Viewer, now: Date, decided?: string): Html {
  const { by, via, at, byExpiry, comment, value, content } = answer;
  const who = byExpiry
    ? html`Nobody answered in time; this was to count then,`
    : via === undefined && isSamePerson(by, viewer.person)
      ? html`By you,`
      : html`By ${personTag(by, via)},`;
  return html`<p>${decided === undefined ? nothing : html`<strong>${decided}.</strong> `}${who} ${timeTag(at, now)}.</p>
    ${comment === undefined ? nothing : html`<blockquote class="said" dir="auto">${visibleText(comment)}</blockquote>`}
    ${value === undefined ? nothing : jsonTree(value).html} ${content === undefined ? nothing : jsonTree(content).html}`;
}

function doneLines({ receipt, since, omitted }: HoldDetails, now: Date): Html {
  const when = since === undefined ? nothing : html` ${timeTag(since, now)}`;
  const kept = receipt === undefined || receipt === null ? nothing : jsonTree(receipt).html;
  return html`<p>It was acted on${when}.</p>
    ${omitted === undefined ? kept : html`<p class="hint">What the work returned is not kept.</p>`}`;
}
