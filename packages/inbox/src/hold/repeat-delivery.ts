import type { HoldDetails } from "@holdpoint/core/holds";

import type { InboxContext } from "../inbox-context.ts";
import type { Viewer } from "../viewer.ts";
import type { SentOutcome } from "./answer-hold.ts";
import { deliverPurpose } from "./delivery-section.ts";
import { holdPage, maySettle } from "./hold-page.ts";
import { tokenNotices } from "./token-notices.ts";

/** Has a delivery that has failed tried again, as a form says. */
export async function repeatDelivery(
  context: InboxContext,
  viewer: Viewer,
  hold: HoldDetails,
  form: URLSearchParams,
): Promise<SentOutcome> {
  const deliveries = await context.couriers.statusesOf(hold);
  const status = deliveries.find(({ courier }) => courier === form.get("courier"));
  const page = (notice: string) => holdPage(context, viewer, hold, { notice, deliveries });
  if (!maySettle(context, viewer, hold)) {
    return { taken: false, status: 403, page: page("You may not have this delivered."), refused: "answer" };
  }
  if (status === undefined) return { taken: false, status: 409, page: page("There is nothing to deliver there.") };
  const verdict = context.tokens.redeem(form.get("token") ?? "", deliverPurpose(viewer, hold, status));
  if (verdict !== "valid") {
    const isOld = verdict === "invalid" && status.open?.record.failed !== true;
    const notice = isOld ? "It has been delivered or tried again meanwhile." : tokenNotices[verdict];
    return { taken: false, status: verdict === "invalid" && !isOld ? 403 : 409, page: page(notice), refused: "form" };
  }
  if (await context.couriers.repeat(status, viewer.person)) return { taken: true };
  return { taken: false, status: 409, page: page("It has been delivered or tried again meanwhile.") };
}
