import type { HoldDetails } from "@holdpoint/core/holds";
import { HoldError } from "@holdpoint/core/holds";

import type { InboxContext } from "../inbox-context.ts";
import type { Viewer } from "../viewer.ts";
import type { SentOutcome } from "./answer-hold.ts";
import { holdPage, maySettle } from "./hold-page.ts";
import { settlePurpose } from "./settle-form.ts";
import { showAsNow } from "./show-as-now.ts";
import { tokenNotices } from "./token-notices.ts";

/** Says what happened to a hold that is in doubt, as a form says. */
export async function settleHold(
  context: InboxContext,
  viewer: Viewer,
  hold: HoldDetails,
  form: URLSearchParams,
): Promise<SentOutcome> {
  const { holds, tokens } = context;
  const applied = form.get("applied");
  if (!maySettle(context, viewer, hold)) {
    const page = holdPage(context, viewer, hold, { notice: "You may not say what happened. Nothing was changed." });
    return { taken: false, status: 403, page, refused: "answer" };
  }
  const verdict = tokens.redeem(form.get("token") ?? "", settlePurpose(viewer, hold));
  if (verdict !== "valid" || (applied !== "yes" && applied !== "no")) {
    const notice = tokenNotices[verdict === "valid" ? "invalid" : verdict];
    return {
      taken: false,
      status: verdict === "invalid" ? 403 : 409,
      page: holdPage(context, viewer, hold, { notice }),
      refused: "form",
    };
  }
  const reason = (form.get("reason") ?? "").trim();
  const said = reason === "" ? {} : { reason };
  try {
    const settlement = applied === "yes" ? ({ applied: true } as const) : ({ applied: false } as const);
    await holds.settle(hold.id, settlement, { by: viewer.person, ifActing: "refuse", ...said });
  } catch (error) {
    if (!HoldError.is(error)) throw error;
    const notice = "Somebody else has said meanwhile what happened, or acts again. What you sent was not taken.";
    const now = (await holds.inspect(hold.id)) ?? hold;
    return { taken: false, status: 409, page: holdPage(context, viewer, now, { notice }) };
  }
  const now = await holds.inspect(hold.id);
  if (now !== null) showAsNow(context, now);
  return { taken: true };
}
