import type { Context } from "hono";

import type { InboxContext } from "../inbox-context.ts";
import type { Refusal } from "../refusal.ts";
import type { Frame } from "./frame.ts";

/** Notes that somebody was not let. */
export function refuse(
  inbox: InboxContext,
  context: Context<Frame>,
  why: Refusal["why"],
  about: { readonly id?: string | undefined } = {},
): void {
  const viewer = context.get("viewer") as Frame["Variables"]["viewer"] | undefined;
  const { method, path } = context.req;
  inbox.refused({ by: viewer?.person, why, method, path, ...(about.id === undefined ? {} : { id: about.id }) });
}
