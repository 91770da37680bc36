import type { GivenAnswer, HoldDetails, HoldState } from "@holdpoint/core/holds";

import { pastDecisionName } from "./decision-name.ts";

const endNames: Partial<Record<HoldState, string>> = {
  canceled: "Canceled",
  expired: "Expired",
  done: "Done",
  rejected: "Rejected",
};

/** What became of a hold that does not wait any more. A decision's label is its asker's. */
export function outcomeName(hold: HoldDetails): string {
  const { answer, state } = hold;
  return answer === undefined ? (endNames[state] ?? "It has ended") : takenName(hold, answer);
}

/** What an answer has decided. A decision's label is its asker's. */
export function takenName({ question }: HoldDetails, { decision: name }: GivenAnswer): string {
  const decision = question?.decisions.find((known) => known.name === name);
  return decision === undefined ? "Answered" : pastDecisionName(decision);
}
