import type { InboxContext } from "../inbox-context.ts";

/** What telling works with. */
export interface TellerContext extends Pick<
  InboxContext,
  "store" | "holds" | "ledger" | "access" | "url" | "base" | "linkKeys" | "now" | "report" | "ending"
> {
  readonly remindBeforeMs: number;
  readonly timeoutMs: number;
}
