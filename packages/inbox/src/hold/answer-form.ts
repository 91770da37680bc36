import type { HoldDetails, StoredDecision } from "@holdpoint/core/holds";

import { renderControls, textarea } from "../form/render-controls.ts";
import type { InboxContext } from "../inbox-context.ts";
import { itemPath } from "../inbox-context.ts";
import type { Html } from "../show/html.ts";
import { html, nothing } from "../show/html.ts";
import { visibleText } from "../show/visible-text.ts";
import type { Viewer } from "../viewer.ts";
import { decisionName } from "./decision-name.ts";
import type { SentForm } from "./hold-form.ts";
import { answerPurpose, controlsOfHold } from "./hold-form.ts";

/** The form that a hold is answered with. */
export function answerForm(context: InboxContext, viewer: Viewer, hold: HoldDetails, sent: SentForm | undefined): Html {
  const { question } = hold;
  const action = itemPath(context, "hold", hold.id, viewer);
  // Of its own for each form: one that was sent is good no more.
  const token = (): Html =>
    html`<input type="hidden" name="token" value="${context.tokens.issue(answerPurpose(viewer, hold))}" />`;
  if (question?.kind === "input") {
    return html`${problemList(sent)}
      <form method="post" action="${action}" class="answer">
        ${token()} ${renderControls(controlsOfHold(hold), filledIn("value", sent))} ${commentField("comment", sent)}
        <div class="buttons"><button class="primary">Send the answer</button></div>
      </form>`;
  }
  const decisions = (question?.decisions ?? []).filter((decision) =>
    context.access.mayDecide(viewer.person, hold, decision),
  );
  const plain = decisions.filter(({ name }) => name !== "edit");
  const edit = decisions.find(({ name }) => name === "edit");
  const sentEdit = sent?.form.get("decision") === "edit" ? sent : undefined;
  const sentPlain = sentEdit === undefined ? sent : undefined;
  const decisive = plain.find(({ approving }) => approving);
  return html`${problemList(sent)}
  ${
    plain.length === 0
      ? nothing
      : html`<form method="post" action="${action}" class="answer">
          ${token()} ${commentField("comment", sentPlain)}
          <div class="buttons">${plain.map((decision) => decisionButton(decision, decision === decisive))}</div>
        </form>`
  }
  ${
    edit === undefined
      ? nothing
      : html`<details class="edit" ${sentEdit !== undefined || plain.length === 0 ? "open" : nothing}>
          <summary>Change it and approve</summary>
          <form method="post" action="${action}" class="answer">
            ${token()} ${renderControls(controlsOfHold(hold), filledIn("content", sentEdit))}
            ${commentField("edit-comment", sentEdit)}
            <div class="buttons">${decisionButton(edit, plain.length === 0)}</div>
          </form>
        </details>`
  }`;
}

function filledIn(prefix: string, sent: SentForm | undefined): Parameters<typeof renderControls>[1] {
  return { prefix, sent: sent?.form, problems: sent?.problems ?? new Map() };
}

function decisionButton(decision: StoredDecision, isPrimary: boolean): Html {
  return html`<button name="decision" value="${decision.name}" ${isPrimary ? html`class="primary"` : nothing}>
    <bdi>${visibleText(decisionName(decision))}</bdi>
  </button>`;
}

function commentField(id: string, sent: SentForm | undefined): Html {
  return html`<div class="field">
    <label for="${id}">Comment <span class="optional">optional</span></label>
    ${textarea(html`id="${id}" name="comment" rows="2" dir="auto"`, sent?.form.get("comment") ?? "")}
  </div>`;
}

function problemList(sent: SentForm | undefined): Html {
  if (sent === undefined || (sent.violations.length === 0 && sent.problems.size === 0)) return html``;
  const violations = sent.violations.map((violation) => html`<li><bdi>${visibleText(violation)}</bdi></li>`);
  return html`<div class="notice wrong" role="alert">
    <p>This answer does not fit yet; nothing was sent.</p>
    ${
      violations.length === 0
        ? nothing
        : html`<ul>
            ${violations}
          </ul>`
    }
  </div>`;
}
