import type { CheckpointStore } from "@holdpoint/core";

import type { InboxContext } from "../inbox-context.ts";

/** What delivering works with. */
export interface CouriersContext extends Pick<InboxContext, "holds" | "access" | "now" | "report" | "ending"> {
  readonly store: CheckpointStore;
  readonly giveUpAfterMs: number;
  readonly timeoutMs: number;
}
