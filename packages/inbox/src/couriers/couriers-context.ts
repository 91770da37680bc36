import type { InboxContext } from "../inbox-context.ts";

/** What delivering works with. */
export interface CouriersContext extends Pick<
  InboxContext,
  "store" | "holds" | "access" | "now" | "report" | "ending"
> {
  readonly giveUpAfterMs: number;
  readonly timeoutMs: number;
}
