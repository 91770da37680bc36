import type { HoldDetails } from "@holdpoint/core/holds";

import type { ListedItem } from "../listing/listed-item.ts";

/** A hold as the API shows it: what a person sees, and nothing of the saved state. */
export function apiHold({ key: _key, answers: _answers, ...hold }: HoldDetails): object {
  return hold;
}

/** One of a list. */
export function apiSummary(item: ListedItem): object {
  const { id, state, question, askedBy, askedVia, openedAt, since, expiresAt, labels } = item;
  return { id, state, message: question, labels, openedAt, openedBy: askedBy, openedVia: askedVia, since, expiresAt };
}
