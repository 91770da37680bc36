import type { ListedState } from "../listing/listed-item.ts";

/** What each state is called on a page. */
export const stateNames: Readonly<Record<ListedState, string>> = {
  waiting: "Waiting",
  answered: "Answered",
  acting: "Under way",
  "in-doubt": "In doubt",
  done: "Done",
  rejected: "Rejected",
  canceled: "Canceled",
  expired: "Expired",
  corrupt: "Unreadable",
};
