import type { HoldDetails } from "@holdpoint/core/holds";

import type { InboxContext } from "../inbox-context.ts";
import { itemPath } from "../inbox-context.ts";
import { timeTag } from "../show/describe-time.ts";
import type { Html } from "../show/html.ts";
import { html, nothing } from "../show/html.ts";
import { visibleText } from "../show/visible-text.ts";
import type { Viewer } from "../viewer.ts";
import { formPurpose } from "../viewer.ts";

/** What the token of the form is made for: this doubt, and no later one. */
export function settlePurpose(viewer: Viewer, { id, doubt }: HoldDetails): string {
  return formPurpose(viewer, "settle", id, doubt?.at.toISOString() ?? "");
}

/** What is known of a hold that is in doubt, and the form to say what happened. */
export function settleForm(context: InboxContext, viewer: Viewer, hold: HoldDetails): Html {
  const { claim, doubt } = hold;
  const why = doubt?.why === "threw" ? "The work failed on the way" : "Whoever acted went silent";
  return html`<section class="panel" aria-labelledby="settle">
    <h2 id="settle">Did it happen?</h2>
    <p>
      ${why}${doubt === undefined ? nothing : html` ${timeTag(doubt.at, context.now())}`}, and nobody knows whether it
      had its effect. Look where the effect would be, and say what you found.
    </p>
    ${doubt?.problem === undefined ? nothing : html`<p class="said" dir="auto">${visibleText(doubt.problem)}</p>`}
    ${
      claim === undefined
        ? nothing
        : html`<p class="hint">Attempt ${claim.attempt}, by <bdi>${visibleText(claim.worker)}</bdi>.</p>`
    }
    <form method="post" action="${itemPath(context, "settle", hold.id)}" class="answer">
      <input type="hidden" name="token" value="${context.tokens.issue(settlePurpose(viewer, hold))}" />
      <div class="field">
        <label for="reason">How you know <span class="optional">optional</span></label>
        <textarea id="reason" name="reason" rows="2" dir="auto"></textarea>
      </div>
      <div class="buttons">
        <button name="applied" value="yes">It happened</button>
        <button name="applied" value="no">It did not, and cannot any more</button>
      </div>
    </form>
  </section>`;
}
