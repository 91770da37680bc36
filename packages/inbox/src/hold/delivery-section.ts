import type { HoldDetails } from "@holdpoint/core/holds";

import type { DeliveryStatus } from "../couriers/outbox.ts";
import type { InboxContext } from "../inbox-context.ts";
import { itemPath } from "../inbox-context.ts";
import { timeTag } from "../show/describe-time.ts";
import type { Html } from "../show/html.ts";
import { html, nothing } from "../show/html.ts";
import { personTag } from "../show/person-tag.ts";
import { visibleText } from "../show/visible-text.ts";
import type { Viewer } from "../viewer.ts";
import { formPurpose } from "../viewer.ts";

/** What the token of the form is made for: this failure, and no later one. */
export function deliverPurpose(viewer: Viewer, { id }: HoldDetails, { courier, open }: DeliveryStatus): string {
  return formPurpose(viewer, "deliver", id, courier, open?.version ?? "");
}

/**
 * Who was called with what was decided.
 *
 * @param mayRepeat whether the viewer may have it tried again where that has failed
 */
export function deliverySection(
  context: InboxContext,
  viewer: Viewer,
  hold: HoldDetails,
  deliveries: readonly DeliveryStatus[],
  mayRepeat: boolean,
): Html {
  return html`<section class="panel" aria-labelledby="delivery">
    <h2 id="delivery">${deliveries.some(hasFailed) ? "Not delivered" : "Delivery"}</h2>
    ${deliveries.map((status) => {
      const mayTryAgain = mayRepeat && hasFailed(status);
      return html`${deliveryLines(context, status)} ${mayTryAgain ? repeatForm(context, viewer, hold, status) : nothing}`;
    })}
  </section>`;
}

function deliveryLines(context: InboxContext, { courier, open, done }: DeliveryStatus): Html {
  const now = context.now();
  const name = html`<bdi>${visibleText(courier)}</bdi>`;
  if (done !== undefined) return html`<p>Taken by ${name}, ${timeTag(new Date(done.at), now)}.</p>`;
  const { problem, failed, repeatedBy } = open?.record ?? {};
  const again = repeatedBy === undefined ? nothing : html` again, for ${personTag(repeatedBy)}`;
  if (problem === undefined) return html`<p>On its way to ${name}${again}.</p>`;
  const why = html`${visibleText(problem.why)}, ${timeTag(new Date(problem.at), now)}`;
  if (failed !== true) return html`<p>On its way to ${name}${again}. It was not taken yet: ${why}.</p>`;
  return html`<p>Not taken by ${name}: ${why}. It is not tried again by itself.</p>`;
}

function hasFailed({ open, done }: DeliveryStatus): boolean {
  return done === undefined && open?.record.failed === true;
}

function repeatForm(context: InboxContext, viewer: Viewer, hold: HoldDetails, status: DeliveryStatus): Html {
  return html`<form method="post" action="${itemPath(context, "deliver", hold.id)}">
    <input type="hidden" name="token" value="${context.tokens.issue(deliverPurpose(viewer, hold, status))}" />
    <div class="buttons"><button name="courier" value="${status.courier}">Deliver it again</button></div>
  </form>`;
}
