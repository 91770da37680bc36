import type { HoldDetails } from "@holdpoint/core/holds";

import type { InboxContext } from "../inbox-context.ts";
import { listedHold } from "../listing/listed-item.ts";

/** Has lists show a hold as its page does, and what was decided delivered at once. */
export function showAsNow({ list, couriers }: Pick<InboxContext, "list" | "couriers">, hold: HoldDetails): void {
  const item = listedHold(hold);
  list.update(item);
  couriers.see(item);
}
