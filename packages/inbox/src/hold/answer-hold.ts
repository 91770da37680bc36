import { CheckpointError } from "@holdpoint/core";
import type { HoldDetails, HoldErrorCode } from "@holdpoint/core/holds";
import { HoldError, isSamePerson } from "@holdpoint/core/holds";

import type { InboxContext } from "../inbox-context.ts";
import type { Refusal } from "../refusal.ts";
import { labelledHold } from "../rules/access.ts";
import type { Html } from "../show/html.ts";
import type { Viewer } from "../viewer.ts";
import { answerPurpose, readHoldForm } from "./hold-form.ts";
import { holdPage } from "./hold-page.ts";
import { showAsNow } from "./show-as-now.ts";
import { tokenNotices } from "./token-notices.ts";

/** What becomes of a form that was sent: it has done what it was for, or a page says why not. */
export type SentOutcome =
  | { readonly taken: true }
  | {
      readonly taken: false;
      readonly status: 403 | 409 | 422;
      readonly page: Html;
      /** Where somebody was not let, rather than late or mistaken. */
      readonly refused?: Refusal["why"] | undefined;
    };

/** Answers a hold as a form says. */
export async function answerHold(
  context: InboxContext,
  viewer: Viewer,
  hold: HoldDetails,
  form: URLSearchParams,
): Promise<SentOutcome> {
  const verdict = context.tokens.redeem(form.get("token") ?? "", answerPurpose(viewer, hold));
  const { answer, problems } = readHoldForm(hold, form);
  if (verdict !== "valid") {
    const isInTime = verdict === "expired" && hold.state === "waiting";
    const sent = isInTime ? { form, problems: new Map<number, string>(), violations: [] } : undefined;
    const page = holdPage(context, viewer, hold, { notice: tokenNotices[verdict], sent });
    return { taken: false, status: verdict === "invalid" ? 403 : 409, page, refused: "form" };
  }
  const decision = hold.question?.decisions.find(({ name }) => name === answer.decision);
  if (
    !context.access.mayAnswer(viewer, labelledHold(hold)) ||
    !context.access.mayDecide(viewer.person, hold, decision)
  ) {
    const page = holdPage(context, viewer, hold, { notice: "You may not decide that. Your answer was not taken." });
    return { taken: false, status: 403, page, refused: "answer" };
  }
  if (problems.size > 0 && hold.state === "waiting") {
    const page = holdPage(context, viewer, hold, { sent: { form, problems, violations: [] } });
    return { taken: false, status: 422, page };
  }
  try {
    await context.holds.answer(hold.id, answer, { by: viewer.person });
    await lookAgain(context, hold);
    return { taken: true };
  } catch (error) {
    const now = (await lookAgain(context, hold)) ?? hold;
    if (HoldError.is(error, "invalid-answer")) {
      const { violations } = error;
      const sent = { form, problems: new Map<number, string>(), violations };
      return { taken: false, status: 422, page: holdPage(context, viewer, now, { sent }) };
    }
    const notice = refusalNotice(error, viewer);
    if (notice === undefined) throw error;
    const refused = HoldError.is(error, "not-allowed") ? ({ refused: "answer" } as const) : {};
    return { taken: false, status: 409, page: holdPage(context, viewer, now, { notice }), ...refused };
  }
}

async function lookAgain(context: InboxContext, { id }: HoldDetails): Promise<HoldDetails | undefined> {
  const hold = (await context.holds.inspect(id)) ?? undefined;
  if (hold !== undefined) showAsNow(context, hold);
  return hold;
}

function refusalNotice(error: unknown, viewer: Viewer): string | undefined {
  if (CheckpointError.is(error) && error.outcome === "unknown") {
    return "The store did not say whether it took your answer. If it is not shown here, send it again: an answer counts once.";
  }
  if (!HoldError.is(error)) return undefined;
  return error.code === "already-answered" ? secondNotice(error, viewer) : refusals[error.code];
}

/** What is said to whoever comes second; the page beside it says who was first, when, and what was decided. */
function secondNotice({ by, agrees }: HoldError, viewer: Viewer): string {
  const first = by !== undefined && isSamePerson(by, viewer.person) ? "You have answered before" : "Somebody was first";
  if (agrees === undefined) return `${first}. Your answer was not taken.`;
  return agrees
    ? `${first}, and decided the same. Your answer was not needed any more.`
    : `${first}, and decided otherwise. Your answer was not taken.`;
}

const refusals: Partial<Record<HoldErrorCode, string>> = {
  "already-voted": "You have answered before, and otherwise. Your first answer counts.",
  canceled: "It was canceled meanwhile. Your answer was not taken.",
  expired: "Its time was over. Your answer was not taken.",
  "not-allowed": "You may not answer this. Your answer was not taken.",
};
