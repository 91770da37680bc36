import type { CheckpointStore } from "@holdpoint/core";

import type { InboxContext } from "../inbox-context.ts";

/** What telling works with. */
export interface TellerContext extends Pick<
  InboxContext,
  "holds" | "ledger" | "access" | "url" | "base" | "linkKeys" | "now" | "report" | "ending"
> {
  readonly store: CheckpointStore;
  readonly remindBeforeMs: number;
  readonly timeoutMs: number;
}
